"""The durability rig: clients that resend, a recorder, a checker, a proxy that cuts, a server to be killed."""
