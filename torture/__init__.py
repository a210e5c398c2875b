"""The torture harness: everything is killed, frozen, filled up and lied to, and nothing may be lost
or doubled."""
