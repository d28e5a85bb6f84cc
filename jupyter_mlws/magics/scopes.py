"""Scopes of Python code: which names a piece of it binds where, and what forks leave certain."""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterable, Iterator, Sequence

__all__ = ["FUNCTIONS", "catches_all", "dotted", "local_names", "may_swallow", "meet", "star_names"]

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*FUNCTIONS, ast.Lambda, ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def meet(done: set[str], ways: list[set[str]]) -> None:
    """What is certain after a fork: the names that every way which goes on has assigned."""
    if ways:
        certain = set.intersection(*ways)
        done.clear()
        done |= certain


def catches_all(case: ast.match_case) -> bool:
    """Whether a case of `match` takes whatever comes."""
    return isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None and case.guard is None


def may_swallow(context: ast.expr) -> bool:
    """Whether a context manager may end its block early without an error."""
    called = dotted(context.func) if isinstance(context, ast.Call) else dotted(context)
    return called.rpartition(".")[2] in ("suppress", "raises", "catch_errors", "ignored")


def dotted(node: ast.AST) -> str:
    """A name with its attributes as text, ``a.b.c``."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        parts.append(f"{node.func.id}()")
    elif isinstance(node, ast.Name):
        parts.append(node.id)
    return ".".join(reversed(parts))


def local_names(node: ast.AST, body: Sequence[ast.stmt]) -> tuple[set[str], set[str]]:
    """Names of a function's own scope, and those it declares global."""
    declared: set[str] = set()
    local: set[str] = set()
    arguments = getattr(node, "args", None)
    if isinstance(arguments, ast.arguments):
        listed = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
        local |= {argument.arg for argument in listed if argument is not None}
    for part in own_nodes(body):
        if isinstance(part, ast.Global):
            declared |= set(part.names)
        else:
            local |= set(bound(part))
    return local - declared, declared


def own_nodes(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes of a scope without those of the scopes inside it (their names themselves included)."""
    stack = list(body)
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            # A walrus inside a comprehension binds in the scope around it.
            stack += [part for part in ast.walk(node) if isinstance(part, ast.NamedExpr)]
        elif not isinstance(node, _SCOPES):
            stack += ast.iter_child_nodes(node)


def bound(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
        return [node.id]
    if isinstance(node, ast.NamedExpr):
        return [node.target.id]
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.Nonlocal):
        return list(node.names)
    name = getattr(node, "rest", None) if isinstance(node, ast.MatchMapping) else getattr(node, "name", None)
    if isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping)) and isinstance(name, str):
        return [name]
    return []


def star_names(module: str) -> list[str]:
    """What ``from module import *`` binds, as far as the module is loaded here."""
    loaded = sys.modules.get(module)
    if loaded is None:
        return []
    listed = getattr(loaded, "__all__", None)
    names = [name for name in vars(loaded) if not name.startswith("_")] if listed is None else list(listed)
    return [name for name in names if isinstance(name, str) and not hasattr(builtins, name)]
