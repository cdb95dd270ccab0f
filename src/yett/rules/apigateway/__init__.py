"""A REST API before it is deployed: nouns, what is refused of them, patches, OpenAPI, freezing. No store, no caller."""
