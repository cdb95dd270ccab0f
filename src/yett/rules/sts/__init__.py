"""The rules of temporary credentials: how long, for whom, under which trust. No dice, no clock."""
