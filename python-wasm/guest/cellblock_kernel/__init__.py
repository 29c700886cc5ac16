"""The kernel that runs inside the sandboxed interpreter.

`boot` is imported once while an image is built. From then on the host asks for one turn at a time, by calling
`__cellblock_turn__()`: `turn` fetches the request through the `door`, looks its operation up in a table, and replies.
"""
