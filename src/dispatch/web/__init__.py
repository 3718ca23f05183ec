"""Pages over HTTP: they parse, call one method, answer."""
