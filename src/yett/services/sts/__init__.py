"""STS: temporary credentials, and who a caller is."""
