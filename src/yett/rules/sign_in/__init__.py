"""What every kind of user who signs in shares: bounded attempts, one-time codes. Whose user it is is not known here."""
