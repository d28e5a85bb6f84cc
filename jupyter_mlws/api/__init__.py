"""The interfaces: one Protocol per noun, declared once, from which handlers, clients and documents are made."""
