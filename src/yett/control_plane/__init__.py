"""FRONT DOOR: AWS's own APIs, for SDKs and the CLI. What an operation does is for the services."""
