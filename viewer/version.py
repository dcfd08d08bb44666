"""Which Samsyn this is."""

VERSION = "0.1"
