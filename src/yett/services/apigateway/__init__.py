"""API Gateway's operations on REST APIs, a module per resource of its API reference. No call of an API comes here."""
