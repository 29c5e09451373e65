"""The demo's own picture and sound, and the scripts that make them."""
