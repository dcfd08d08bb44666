"""The PACS side: studies, pictures, presentation states, access, audit and the socket."""
