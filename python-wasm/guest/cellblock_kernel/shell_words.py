"""The words of a command line: quotes, variables and file patterns as a shell reads them."""

import glob
import os
import re

# Longest first: the first that fits is taken.
OPERATORS = (
    *("2>&1", "1>&2", "&>>", "<<<"),
    *("&&", "||", "&>", "2>", "1>", ">>", "<<", "$("),
    *(";", "|", "\n", ">", "<", "&", "(", ")", "`"),
)
_VARIABLE = re.compile(r"\$(?:(\w+|\?)|\{(\w+)\})")


class Word:
    """A word: pieces of text, each with the quote it stood in ("" for none)."""

    def __init__(self):
        self.pieces = []

    def add(self, character, quote):
        if self.pieces and self.pieces[-1][1] == quote:
            self.pieces[-1][0] += character
        else:
            self.pieces.append([character, quote])

    def plain(self):
        """The text as it was written, without its quotes."""
        return "".join(text for text, _ in self.pieces)

    def text(self, variables):
        """The text with its variables; nothing is done to file patterns."""
        return "".join(text for text, _ in self._filled(variables))

    def texts(self, variables):
        """The word's texts: the files that fit an unquoted pattern, or else the text itself."""
        pieces = self._filled(variables)
        plain = "".join(text for text, _ in pieces)
        if not any(not quote and any(character in text for character in "*?[") for text, quote in pieces):
            return [plain]
        return sorted(glob.glob("".join(glob.escape(text) if quote else text for text, quote in pieces))) or [plain]

    def _filled(self, variables):
        def value(match):
            return variables.get(match[1] or match[2], "")

        pieces = [(text if quote == "'" else _VARIABLE.sub(value, text), quote) for text, quote in self.pieces]
        if pieces and not pieces[0][1]:
            pieces[0] = (os.path.expanduser(pieces[0][0]), "")
        return pieces


_MARK = re.compile(r"""(-?)[ \t]*(?:'([^'\n]+)'|"([^"\n]+)"|([^\s;|&<>()'"]+))""")


def _document(text, position):
    """Returns the lines behind this one up to a mark, as a word, the text without them, and the position behind the mark.
    Without quotes at the mark, variables are filled in."""
    mark = _MARK.match(text, position)
    if mark is None:
        raise ValueError("a word must follow <<")
    begin = text.find("\n", mark.end()) + 1 or len(text)
    end, lines = begin, []
    while end < len(text):
        line = text[end : text.find("\n", end) + 1 or len(text)]
        end += len(line)
        line = line.lstrip("\t") if mark[1] else line
        if line.rstrip("\n") == (mark[2] or mark[3] or mark[4]):
            break
        lines.append(line)
    document = Word()
    document.add("".join(lines), '"' if mark[4] else "'")
    return document, text[:begin] + text[end:], mark.end()


def read(text):
    """Returns the text as `Word`s and operators. Raises ValueError for a quote that does not end."""
    found, word, quote, position = [], None, "", 0
    text = text.replace("\\\n", " ")
    while position < len(text):
        character = text[position]
        position += 1
        if quote:
            if character == quote:
                quote = ""
            elif character == "\\" and quote == '"' and text[position : position + 1] in tuple('"\\$`'):
                word.add(text[position], "'")
                position += 1
            else:
                word.add(character, quote)
            continue
        operator = next((o for o in OPERATORS if text.startswith(o, position - 1)), None)
        if operator == ">" and word and text.startswith("=", position):
            operator = None  # `pip install name>=2`
        if operator and not (word and operator[0] in "12"):
            found += [word] if word else []
            found.append(operator)
            word, position = None, position - 1 + len(operator)
            if operator == "<<":
                document, text, position = _document(text, position)
                found.append(document)
        elif character in " \t":
            found += [word] if word else []
            word = None
        elif character == "#" and word is None:
            end = text.find("\n", position)
            position = len(text) if end < 0 else end
        else:
            word = word or Word()
            if character in "'\"":
                quote = character
                word.add("", quote)
            elif character == "\\" and position < len(text):
                word.add(text[position], "'")
                position += 1
            else:
                word.add(character, "")
    if quote:
        raise ValueError("No closing quotation")
    return found + ([word] if word else [])
