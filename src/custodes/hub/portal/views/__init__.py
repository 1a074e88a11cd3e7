"""Views translate: they read the request, ask a selector or a service, and choose the page."""
