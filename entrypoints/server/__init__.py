"""The HTTP server: what happens on a connection before the application sees a request, and after it has answered."""
