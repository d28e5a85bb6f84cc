"""Top-level literals of a cell: its parameters."""

from __future__ import annotations

import ast

# Not from typing: this runs at the start of every job.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, TypeVar

    _Node = TypeVar("_Node", bound=ast.AST)

__all__ = ["literal", "literal_assignments", "literal_places", "replace_literals"]


def literal(text: str) -> Any:
    """A parameter's text as a Python literal where it is one, else the text itself."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def literal_assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Top-level ``name = literal``, each name at its first assignment."""
    return ((name, value) for name, value, _ in literal_places(tree))


def literal_places(tree: ast.Module) -> Iterator[tuple[str, ast.expr, ast.stmt | None]]:
    """The same, and the statement of those that share their literal with another name: ``a = b = literal``.

    There nothing can be put in the place of the literal for one name alone; its value comes behind the statement.
    """
    seen: set[str] = set()
    for statement in tree.body:
        chain = statement if isinstance(statement, ast.Assign) and len(statement.targets) > 1 else None
        for name, value in _pairs(statement):
            if name not in seen:
                seen.add(name)
                if _is_literal(value):
                    yield name, value, chain


def _pairs(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    targets: list[ast.expr] = []
    value: ast.expr | None = None
    if isinstance(statement, ast.Assign):
        targets, value = statement.targets, statement.value
    elif isinstance(statement, ast.AnnAssign):
        targets, value = [statement.target], statement.value
    if value is None:
        return
    for target in targets:
        if isinstance(target, ast.Name):
            yield target.id, value
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for one, part in zip(target.elts, value.elts, strict=True):
                if isinstance(one, ast.Name):
                    yield one.id, part


def _is_literal(value: ast.expr) -> bool:
    if isinstance(value, (ast.Tuple, ast.List)):
        return len(value.elts) <= 20 and all(_is_literal(item) for item in value.elts)
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, (ast.USub, ast.UAdd)):
        return isinstance(value.operand, ast.Constant) and isinstance(value.operand.value, (int, float))
    return isinstance(value, ast.Constant) and not isinstance(value.value, (bytes, type(...)))


def replace_literals(tree: ast.Module, params: Mapping[str, str]) -> set[str]:
    """Put parameters in the place of top-level literals; the names that were found."""
    names: set[str] = set()
    found: dict[int, ast.expr] = {}
    behind: dict[ast.stmt, list[ast.stmt]] = {}
    for name, value, chain in literal_places(tree):
        if name not in params:
            continue
        names.add(name)
        new = ast.parse(repr(literal(params[name])), mode="eval").body
        if chain is None:
            found[id(value)] = new
        else:
            target = ast.Name(id=name, ctx=ast.Store())
            behind.setdefault(chain, []).append(_located(ast.Assign(targets=[target], value=new), chain))
    if found:
        _Replacer(found).visit(tree)
    if behind:
        tree.body[:] = [each for statement in tree.body for each in (statement, *behind.get(statement, ()))]
    return names


def _located(new: _Node, old: ast.AST) -> _Node:
    """A node with all its parts where another one is."""
    for part in ast.walk(new):
        ast.copy_location(part, old)
    return new


class _Replacer(ast.NodeTransformer):
    def __init__(self, found: dict[int, ast.expr]) -> None:
        self._found = found

    def visit(self, node: ast.AST) -> Any:
        new = self._found.get(id(node))
        return self.generic_visit(node) if new is None else _located(new, node)
