"""The server: one asyncio process that owns the conversations and tells everyone concerned."""
