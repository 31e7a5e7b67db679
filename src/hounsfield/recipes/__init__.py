"""What was asked, as frozen dataclasses: how to read, what to select, what to draw or write.

A recipe runs, can be pickled and sent to another process, and says itself in two ways: `text.program` gives the Python
program that does the same with the public names, `text.command_line` the ``hu`` command. What a person may choose is
checked when a recipe is made (`RecipeError`), in the words of its arguments; the command says the same in those of its
options.
"""
