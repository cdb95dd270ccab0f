"""SAML 2.0, as a library: metadata of identity providers, and what their signed responses assert."""
