"""What a deployed API does with one call. Knows no service's room: an API arrives here as a frozen `DeployedApi`."""
