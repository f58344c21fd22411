"""Hides the secrets of commands and headers within a text: `curl -u user:…`, `mysql -p…`, `Authorization: …`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from specs.secret_names import is_secret

HIDDEN = "[redacted]"
VAGUE = frozenset({"key", "keys", "--key", "-key", "--keys"})  # what a command sorts by or looks up, most often

Form = Literal["glued", "apart", "user"]  # -pS; -p S or -pS; -u user:S


@dataclass(frozen=True, slots=True)
class _Option:
    """An option by which a program takes a password, and how it is written."""

    letter: str
    form: Form


_MYSQL, _MONGO, _LDAP = _Option("p", "glued"), _Option("p", "apart"), _Option("w", "apart")
_LOGIN = (_Option("p", "apart"),)
_PROGRAMS: dict[str, tuple[_Option, ...]] = {
    "curl": (_Option("u", "user"), _Option("U", "user"), _Option("b", "apart")),
    "http": (_Option("a", "user"),),
    "https": (_Option("a", "user"),),
    **dict.fromkeys(("mysql", "mysqldump", "mysqladmin", "mysqlimport", "mariadb", "mariadb-dump"), (_MYSQL,)),
    **dict.fromkeys(("mongo", "mongosh", "mongodump", "mongorestore", "sshpass"), (_MONGO,)),
    **dict.fromkeys(("ldapsearch", "ldapmodify", "ldapadd"), (_LDAP,)),
    **dict.fromkeys(("7z", "7za", "7zz"), (_MYSQL,)),
    "redis-cli": (_Option("a", "apart"),),
    "zip": (_Option("P", "apart"),),
    "unzip": (_Option("P", "apart"),),
    "sqlcmd": (_Option("P", "apart"),),
    "login": _LOGIN,  # docker login, helm registry login, az login
}
_OPTION = r"-[fgikLsSv]{1,8}[uU]|-[A-Za-z]|--user|--proxy-user"  # the first is curl's: -sSu
_QUOTE = r"(?:\\{0,8}[\"'])"
_SPAN = r"[^\s\"'\\|;]"
_WORD = rf"(?:\"(?:[^\"\\]|\\.)*|'(?:[^'\\]|\\.)*|\\{{1,8}}\"[^\"\\]*|(?:{_SPAN}|\\[^\"'])+)"
"""A word of a shell without its last quote."""

_STEP = re.compile(
    r"(?<![A-Za-z0-9_.-])(?P<program>" + "|".join(sorted(map(re.escape, _PROGRAMS), key=len, reverse=True)) + r")"
    r"(?=[\s\"'\\])"
    r"|(?P<end>&&|[|;]|(?<![\\,\[{])\n(?![ \t]{0,80}[\]}]))"
    rf"|(?P<before>[\s\"'])(?P<option>{_OPTION})"
    rf"(?P<gap>=|[ \t]{{1,8}}|{_QUOTE}\s{{0,8}},\s{{0,8}}(?={_QUOTE})|)(?P<word>{_WORD})",
    re.DOTALL,
)
_USER = re.compile(r"((?:\\{0,8}[\"'])?[^\s:\"']{0,100}:)(?!\Z)", re.DOTALL)
_VARIABLE = re.compile(r"\$(?:[A-Za-z_][A-Za-z0-9_]*|\{[A-Za-z_][A-Za-z0-9_]*\})")
"""A variable of a shell, which names a secret and does not show it."""

_NUMBERS = re.compile(r"[0-9]+:[0-9]+\Z")
_ITEM = re.compile(rf"(?P<option>{_OPTION})(?:=|(?![a-z]))?(?P<word>.*)", re.DOTALL)
_NAMES = re.compile(r"[A-Za-z0-9-]+")
_PROGRAM_NAMES = frozenset(_PROGRAMS)

_FIELD = r"[A-Za-z][A-Za-z0-9_-]{0,100}"
_HEADER = re.compile(rf"(?P<quote>{_QUOTE})(?P<name>{_FIELD})(?P<colon>:[ \t]{{0,8}})(?P<value>[^\"'\\\r\n]+)")
"""A header field in quotes: `-H 'X-API-Key: …'`."""
_BARE_HEADER = re.compile(rf"(?P<quote>(?:-H|--header)[ =]?)(?P<name>{_FIELD})(?P<colon>:[ \t]{{0,2}})(?P<value>\S+)")
_LINE = re.compile(
    rf"^(?P<quote>[ \t]{{0,80}}(?:- )?)(?P<name>{_FIELD})(?P<colon>:[ \t]{{1,8}})(?P<value>\S[^\r\n]*)(?=\r?$)",
    re.MULTILINE,
)
"""A line that gives a value to a name, as in a message head or YAML."""

_SCHEME = re.compile(r"(?<![A-Za-z0-9_-])(bearer|basic)([ \t]{1,8})([A-Za-z0-9._~+/=-]+)", re.IGNORECASE)
_WHOLE_BEARER = re.compile(r"(\A|[\"'])(bearer[ \t]{1,8})[^\s\"'\\]+(?=\Z|\\{0,8}[\"'])", re.IGNORECASE)
_SHAPE = re.compile(
    r"(?<![A-Za-z0-9])(?:gh[opsur]_|github_pat_|glpat-|xox[abeoprs]-|sk-|sk_live_|rk_live_|hf_|npm_|pypi-|AKIA|ASIA|AIza)"
    r"[A-Za-z0-9_-]{12,}|(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"
)
"""What services issue as tokens, which is known by its beginning, and JSON web tokens."""
_HOOK = re.compile(r"(hooks\.slack\.com/|discord(?:app)?\.com/api/webhooks/|webhook\.office\.com/)[^\s\"'\\<>]+")
_PEM = re.compile(r"(-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----)(?:(?!-----END).)*", re.DOTALL)
_SCHEME_NAME = re.compile("bearer|basic", re.IGNORECASE)
_LONG = 20  # letters of a small word that is none


def hidden(text: str) -> str:
    """A text without the secrets of its commands and headers."""
    if ":" in text:
        for form in (_HEADER, _BARE_HEADER, _LINE):
            text = form.sub(_without_value, text)
    if "-" in text and not _PROGRAM_NAMES.isdisjoint(_NAMES.findall(text)):
        text = "".join(_without_passwords(text))
    if _SCHEME_NAME.search(text):
        text = _SCHEME.sub(_without_token, _WHOLE_BEARER.sub(rf"\1\2{HIDDEN}", text))
    if "PRIVATE KEY-----" in text:
        text = _PEM.sub(rf"\1{HIDDEN}", text)
    return _HOOK.sub(rf"\1{HIDDEN}", _SHAPE.sub(HIDDEN, text))


def hidden_items(items: Iterable[str]) -> Iterator[str]:
    """The words of a command that is a list, without what its programs take as passwords."""
    options: tuple[_Option, ...] = ()
    awaited: Form | None = None
    for item in items:
        if awaited is not None and not item.startswith("-"):
            yield _hidden_word(item, awaited)
            awaited = None
            continue
        options = _PROGRAMS.get(item.rpartition("/")[2], options)
        found = _ITEM.match(item)
        form = None if found is None else _form(found["option"], options)
        awaited = form if found is not None and not found["word"] and form != "glued" else None
        if found is None or form is None or not found["word"]:
            yield item
        else:
            yield f"{found['option']}{_hidden_word(found['word'], form)}"


def _form(option: str, options: tuple[_Option, ...]) -> Form | None:
    """How a program takes a password by an option, if it does."""
    if option.startswith("--"):
        return "user" if any(one.form == "user" for one in options) else None
    return next((one.form for one in options if one.letter == option[-1]), None)


def _hidden_word(word: str, form: Form) -> str:
    """A password without its text, with the quote and the user that stand before it."""
    if form == "user":
        user = _USER.match(word)
        if user is None or _NUMBERS.match(word) or _VARIABLE.fullmatch(word[user.end() :]):
            return word
        return f"{user[1]}{HIDDEN}"
    quote = re.match(_QUOTE, word)
    if _VARIABLE.fullmatch(word[quote.end() if quote else 0 :]):
        return word
    return f"{quote[0] if quote else ''}{HIDDEN}"


def _without_value(found: re.Match[str]) -> str:
    """A field without its value; in prose, `token: expected a string` says no secret."""
    name, value = found["name"], found["value"]
    is_field = "-" in name or name.lower() in ("authorization", "cookie")
    if name in VAGUE or not is_secret(name) or (" " in value.strip() and not is_field):
        return found[0]
    scheme = re.match(r"(?:bearer|basic|digest|token)[ \t]+", value, re.IGNORECASE)
    if _VARIABLE.fullmatch(value[scheme.end() if scheme else 0 :].strip()):
        return found[0]
    return f"{found['quote']}{name}{found['colon']}{scheme[0] if scheme else ''}{HIDDEN}"


def _without_token(found: re.Match[str]) -> str:
    """`Bearer …` without its token, and as it was where a word of English follows."""
    scheme, gap, token = found.groups()
    is_word = (token[1:].rstrip(".").isalpha() or len(token) == 1) and (token[1:] == token[1:].lower())
    return found[0] if is_word and len(token) < _LONG else f"{scheme}{gap}{HIDDEN}"


def _without_passwords(text: str) -> Iterator[str]:
    """The parts of a text with commands, without what their programs take as passwords."""
    at, options = 0, ()  # type: tuple[int, tuple[_Option, ...]]
    while (found := _STEP.search(text, at)) is not None:
        begin = found.start()
        yield text[at:begin]
        at = found.end()
        if found["program"]:
            options = _PROGRAMS[found["program"]]
            yield found[0]
        elif found["end"]:
            options = ()
            yield found[0]
        elif (shown := _shown(found, options)) is None:  # the word may be an option itself
            at = found.end("option")
            yield text[begin:at]
        else:
            yield shown
    yield text[at:]


def _shown(found: re.Match[str], options: tuple[_Option, ...]) -> str | None:
    """An option with its password hidden; None if it has none."""
    gap, word, form = found["gap"], found["word"], _form(found["option"], options)
    if form is None or (form == "glued" and gap) or (gap and word.startswith("-")):
        return None
    return f"{found['before']}{found['option']}{gap}{_hidden_word(word, form)}"
