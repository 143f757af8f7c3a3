"""Passwords and tokens: bcrypt and PyJWT, and the standard library's HMAC."""
