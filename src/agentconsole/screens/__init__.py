"""What an agent sees, one module per screen."""
