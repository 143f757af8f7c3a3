"""How mails leave the service: through a mail server, or onto the developer's screen."""
