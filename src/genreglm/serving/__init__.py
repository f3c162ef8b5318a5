"""A model as a service: an application for ASGI servers, and the what-if page. Needs the extra `serve`."""
