"""The pytest plugin: an isolated gateway in a fixture, and assertions whose failure is the explanation. Nothing of it
serves.
"""
