"""Where messages to users go. No wording: that is the services'."""
