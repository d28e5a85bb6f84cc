"""What a cell reads, assigns and changes, told from its text alone.

The rule is the safe one: a name counts as read when it is read anywhere, unless it is provably assigned before. A name
too many only costs bytes; a name too few would break the job.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from jupyter_mlws.domain.literals import literal_assignments
from jupyter_mlws.magics.scopes import FUNCTIONS, catches_all, dotted, local_names, may_swallow, meet, star_names
from jupyter_mlws.magics.texts import Texts, names_in_call

__all__ = ["Cell", "analyse", "names_at_once", "names_of"]

_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)
# Calls that wait for a keyboard: {what is called: what to do instead}.
_KEYBOARD = {
    "input": "put the value into a variable",
    "raw_input": "put the value into a variable",
    "getpass": "use --secret NAME",
    "getpass.getpass": "use --secret NAME",
    "breakpoint": "run the cell in the notebook to debug it",
    "pdb.set_trace": "run the cell in the notebook to debug it",
    "ipdb.set_trace": "run the cell in the notebook to debug it",
    "set_trace": "run the cell in the notebook to debug it",
}


@dataclass
class Cell:
    """What was found in a cell.

    Attributes
    ----------
    reads : dict of str to int
        Names read before they are provably assigned, with the line of the first reading.
    assigns : list of str
        Names that the cell binds in the notebook's namespace, in order.
    changes : list of str
        Names whose value the cell changes in place (``model.fit(X)``, ``table["x"] = 1``).
    literals : dict of str to object
        Top-level assignments of plain values: the cell's parameters.
    tables : set of str
        Names that stand as tables in SQL text; they count only where they hold a table.
    strings : list of str
        Text literals, for paths of files.
    imports : list of str
        Modules that the cell imports.
    attributes : set of str
        Attribute names used anywhere (which submodules are meant).
    keyboard : list of str
        Sentences about calls that would wait for a keyboard.
    """

    reads: dict[str, int] = field(default_factory=dict)
    assigns: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    literals: dict[str, object] = field(default_factory=dict)
    tables: set[str] = field(default_factory=set)
    strings: list[str] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    attributes: set[str] = field(default_factory=set)
    keyboard: list[str] = field(default_factory=list)


def analyse(tree: ast.Module, texts: Texts) -> Cell:
    """Read a cell that is plain Python (IPython's own syntax already turned into calls).

    Parameters
    ----------
    tree : ast.Module
    texts : Texts
        Turns Python text found inside strings (``%time f(x)``, ``eval("a + b")``) into trees.
    """
    reader = _Reader(texts)
    reader.block(tree.body, set())
    reader.cell.literals = {name: ast.literal_eval(value) for name, value in literal_assignments(tree)}
    return reader.cell


def names_of(statement: ast.stmt) -> set[str]:
    """Every name that a statement reads of its module, now or later."""
    return set(analyse(ast.Module(body=[statement], type_ignores=[]), lambda text: None).reads)


def names_at_once(statement: ast.ClassDef) -> set[str]:
    """Names that a class statement reads while it runs: not those inside its methods."""
    names: set[str] = set()
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, FUNCTIONS):
            annotations = [argument for argument in ast.walk(node.args) if isinstance(argument, ast.expr)]
            stack += [*node.decorator_list, *annotations, *([node.returns] if node.returns else ())]
        elif not isinstance(node, ast.Lambda):
            stack += ast.iter_child_nodes(node)
    return names


class _Reader:
    """Walks a cell in the order of its execution; `done` holds the names that are assigned for certain by now."""

    def __init__(self, texts: Texts, around: set[str] | None = None) -> None:
        self.cell = Cell()
        self._texts = texts
        # In a class body: what is assigned around it, for methods do not see the names of their class.
        self._around = around

    # -- statements

    def block(self, body: Iterable[ast.stmt], done: set[str]) -> bool:
        """Read statements in order; whether the end of the block is reached at all."""
        for statement in body:
            self._statement(statement, done)
            if isinstance(statement, _LEAVES):
                return False
        return True

    def _statement(self, node: ast.stmt, done: set[str]) -> None:
        method = getattr(self, f"_do_{type(node).__name__.lower()}", None)
        if method is not None:
            method(node, done)
        else:
            for child in ast.iter_child_nodes(node):
                self._expression(child, done)

    def _do_expr(self, node: ast.Expr, done: set[str]) -> None:
        self._expression(node.value, done)
        self._called(node.value)

    def _called(self, value: ast.expr) -> None:
        """`model.fit(X)`, alone or as a value, may change the model."""
        call = value.value if isinstance(value, ast.Await) else value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            self._changed(call.func.value)

    def _do_assign(self, node: ast.Assign, done: set[str]) -> None:
        self._expression(node.value, done)
        self._called(node.value)
        for target in node.targets:
            self._target(target, done)

    def _do_augassign(self, node: ast.AugAssign, done: set[str]) -> None:
        if isinstance(node.target, ast.Name):
            self._read(node.target.id, node.target, done)
        else:
            self._expression(node.target, done)
        self._expression(node.value, done)
        self._target(node.target, done)

    def _do_annassign(self, node: ast.AnnAssign, done: set[str]) -> None:
        self._expression(node.annotation, done)
        if node.value is not None:
            self._expression(node.value, done)
            self._target(node.target, done)

    def _do_delete(self, node: ast.Delete, done: set[str]) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self._read(target.id, target, done)
                done.discard(target.id)
                if target.id in self.cell.assigns:
                    self.cell.assigns.remove(target.id)
            else:
                self._expression(target, done)
                self._changed(target)

    def _do_if(self, node: ast.If, done: set[str]) -> None:
        self._expression(node.test, done)
        self._branches([node.body, node.orelse], done)

    def _do_match(self, node: ast.Match, done: set[str]) -> None:
        self._expression(node.subject, done)
        ways = []
        for case in node.cases:
            way = set(done)
            self._pattern(case.pattern, way)
            if case.guard is not None:
                self._expression(case.guard, way)
            if self.block(case.body, way):
                ways.append(way)
        meet(done, ways if any(catches_all(case) for case in node.cases) else [*ways, set(done)])

    def _pattern(self, pattern: ast.pattern, done: set[str]) -> None:
        for node in ast.walk(pattern):
            name = getattr(node, "name", None) or getattr(node, "rest", None)
            if isinstance(node, (ast.MatchAs, ast.MatchStar, ast.MatchMapping)) and isinstance(name, str):
                self._bind(name, done)
            elif isinstance(node, ast.MatchValue):
                self._expression(node.value, done)
            elif isinstance(node, ast.MatchClass):
                self._expression(node.cls, done)

    def _do_for(self, node: ast.For | ast.AsyncFor, done: set[str]) -> None:
        self._expression(node.iter, done)
        inside = set(done)
        self._target(node.target, inside)
        self.block(node.body, inside)
        self.block(node.orelse, set(done))

    _do_asyncfor = _do_for

    def _do_while(self, node: ast.While, done: set[str]) -> None:
        self._expression(node.test, done)
        self.block(node.body, set(done))
        self.block(node.orelse, set(done))

    def _do_with(self, node: ast.With | ast.AsyncWith, done: set[str]) -> None:
        inside = done
        for item in node.items:
            self._expression(item.context_expr, done)
            if may_swallow(item.context_expr):
                inside = set(done)
            if item.optional_vars is not None:
                self._target(item.optional_vars, done)
        self.block(node.body, inside)

    _do_asyncwith = _do_with

    def _do_try(self, node: ast.Try, done: set[str]) -> None:
        ways = []
        smooth = set(done)
        if self.block(node.body, smooth) and self.block(node.orelse, smooth):
            ways.append(smooth)
        for handler in node.handlers:
            way = set(done)
            if handler.type is not None:
                self._expression(handler.type, way)
            if handler.name:
                self._bind(handler.name, way)
            if self.block(handler.body, way):
                ways.append(way - {handler.name} if handler.name else way)
            if handler.name in self.cell.assigns:
                self.cell.assigns.remove(handler.name)  # Python unbinds it at the end of the handler
        last = set(done)
        meet(done, ways)
        self.block(node.finalbody, last)
        done |= last

    _do_trystar = _do_try

    def _branches(self, bodies: list[list[ast.stmt]], done: set[str]) -> None:
        ways = []
        for body in bodies:
            way = set(done)
            if self.block(body, way):
                ways.append(way)
        meet(done, ways)

    def _do_import(self, node: ast.Import, done: set[str]) -> None:
        for alias in node.names:
            self.cell.imports.append(alias.name)
            self._bind(alias.asname or alias.name.partition(".")[0], done)

    def _do_importfrom(self, node: ast.ImportFrom, done: set[str]) -> None:
        if node.module:
            self.cell.imports.append("." * node.level + node.module)
        for alias in node.names:
            if alias.name == "*":
                for name in star_names(node.module or ""):
                    self._bind(name, done, kept=False)
            else:
                self.cell.imports.append(f"{node.module or ''}.{alias.name}")
                self._bind(alias.asname or alias.name, done)

    def _do_global(self, node: ast.Global, done: set[str]) -> None:
        """At the top level `global x` says nothing new."""

    def _do_functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef, done: set[str]) -> None:
        for decorator in node.decorator_list:
            self._expression(decorator, done)
        self._signature(node.args, done)
        if node.returns is not None:
            self._expression(node.returns, done)
        self._bind(node.name, done)
        self._inner(node, done)

    _do_asyncfunctiondef = _do_functiondef

    def _do_classdef(self, node: ast.ClassDef, done: set[str]) -> None:
        for outside in (*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)):
            self._expression(outside, done)
        inner = _Reader(self._texts, around=(done if self._around is None else self._around) | {node.name})
        inner.block(node.body, set(done))
        self._absorb(inner.cell, except_reads=set())
        self._bind(node.name, done)

    # -- expressions

    def _expression(self, node: ast.AST, done: set[str]) -> None:
        if isinstance(node, ast.Name):
            self._name(node, done)
        elif isinstance(node, ast.NamedExpr):
            self._expression(node.value, done)
            self._bind(node.target.id, done)
        elif isinstance(node, ast.Lambda):
            self._signature(node.args, done)
            self._inner(node, done)
        elif isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            self._comprehension(node, done)
        elif isinstance(node, (ast.BoolOp, ast.IfExp)):
            self._maybe(node, done)
        else:
            self._note(node, done)
            for child in ast.iter_child_nodes(node):
                self._expression(child, done)

    def _name(self, node: ast.Name, done: set[str]) -> None:
        if isinstance(node.ctx, ast.Load):
            self._read(node.id, node, done)

    def _maybe(self, node: ast.BoolOp | ast.IfExp, done: set[str]) -> None:
        """Only the first part is evaluated for certain."""
        first, *rest = node.values if isinstance(node, ast.BoolOp) else (node.test, node.body, node.orelse)
        self._expression(first, done)
        for part in rest:
            self._expression(part, set(done))

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, done: set[str]
    ) -> None:
        inside = set(done)
        own: set[str] = set()
        for generator in node.generators:
            self._expression(generator.iter, inside)
            own |= {name.id for name in ast.walk(generator.target) if isinstance(name, ast.Name)}
            inside |= own
            for condition in generator.ifs:
                self._expression(condition, inside)
        parts = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
        for part in parts:
            self._expression(part, inside)

    def _note(self, node: ast.AST, done: set[str]) -> None:
        """Collect what stands in strings, attributes and telling calls."""
        if isinstance(node, ast.Attribute):
            self.cell.attributes.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.cell.strings.append(node.value)
        elif isinstance(node, ast.Call):
            self._call(node, done)

    def _call(self, node: ast.Call, done: set[str]) -> None:
        called = dotted(node.func)
        if called in _KEYBOARD and called.partition(".")[0] not in (done if "." not in called else ()):
            self.cell.keyboard.append(f"line {node.lineno} calls {called}(); {_KEYBOARD[called]}")
        found = names_in_call(node, called, self._texts)
        for name in found.names:
            self._read(name, node, done)
        self.cell.tables |= found.tables - done
        self.cell.strings += found.words
        # What exec() binds may be another namespace's, what %timeit binds is lost.
        lost = called in ("eval", "exec") or any(
            isinstance(word, ast.Constant) and word.value == "timeit" for word in node.args[:1]
        )
        for tree in found.trees:
            self.block(tree.body, set(done) if lost else done)

    def _signature(self, arguments: ast.arguments, done: set[str]) -> None:
        for default in (*arguments.defaults, *(value for value in arguments.kw_defaults if value is not None)):
            self._expression(default, done)
        for argument in (
            *arguments.posonlyargs,
            *arguments.args,
            *arguments.kwonlyargs,
            arguments.vararg,
            arguments.kwarg,
        ):
            if argument is not None and argument.annotation is not None:
                self._expression(argument.annotation, done)

    def _inner(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, done: set[str]) -> None:
        """A function's body, run at an unknown time: what it reads of the notebook, and binds there with `global`."""
        body: Sequence[ast.stmt] = node.body if isinstance(node.body, list) else [ast.Expr(node.body)]
        local, declared = local_names(node, body)
        inner = _Reader(self._texts)
        inner.block(body, set(local))
        self._absorb(inner.cell, except_reads=local | (done if self._around is None else self._around), kept=declared)

    def _absorb(self, inner: Cell, *, except_reads: set[str], kept: set[str] | None = None) -> None:
        """Take over what an inner scope showed; its bindings stay its own but for those declared global (`kept`)."""
        for name, line in inner.reads.items():
            if name not in except_reads:
                self.cell.reads.setdefault(name, line)
        for name in kept or ():
            if name in inner.assigns and name not in self.cell.assigns:
                self.cell.assigns.append(name)
        self.cell.tables |= inner.tables - except_reads
        self.cell.strings += inner.strings
        self.cell.imports += inner.imports
        self.cell.attributes |= inner.attributes
        self.cell.keyboard += inner.keyboard

    # -- names

    def _read(self, name: str, node: ast.AST, done: set[str]) -> None:
        if name not in done:
            self.cell.reads.setdefault(name, getattr(node, "lineno", 0))

    def _bind(self, name: str, done: set[str], *, kept: bool = True) -> None:
        done.add(name)
        if kept and name not in self.cell.assigns:
            self.cell.assigns.append(name)

    def _target(self, target: ast.expr, done: set[str]) -> None:
        if isinstance(target, ast.Name):
            self._bind(target.id, done)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for part in target.elts:
                self._target(part, done)
        elif isinstance(target, ast.Starred):
            self._target(target.value, done)
        else:
            self._expression(target, done)
            self._changed(target)

    def _changed(self, node: ast.expr) -> None:
        while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
            node = node.func if isinstance(node, ast.Call) else node.value
        if isinstance(node, ast.Name) and node.id not in self.cell.changes:
            self.cell.changes.append(node.id)
