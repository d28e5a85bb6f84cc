"""What a cell reads is told from its text; when in doubt a name counts as read."""

from __future__ import annotations

import ast
import builtins

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from jupyter_mlws.magics.analysis import Cell, analyse

_TRANSFORM = TransformerManager().transform_cell


def read(text: str) -> Cell:
    def texts(part: str) -> ast.Module | None:
        try:
            return ast.parse(_TRANSFORM(part))
        except SyntaxError:
            return None

    tree = texts(text)
    assert tree is not None
    return analyse(tree, texts)


def names(text: str) -> str:
    return " ".join(sorted(name for name in read(text).reads if not hasattr(builtins, name) and name != "get_ipython"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1\ny = x + z", "z"),
        ("X = X / 255", "X"),
        ("n += 1", "n"),
        ("t[0] += d", "d t"),
        ("a.b = c", "a c"),
        ("del u", "u"),
        ("x = 1\ndel x\nx", "x"),
        ("if c:\n    y = 1\ny", "c y"),
        ("if c:\n    y = 1\nelse:\n    y = 2\ny", "c"),
        ("if c:\n    y = 1\nelse:\n    raise E\ny", "E c"),
        ("for i in xs:\n    v = i\nv, i", "i v xs"),
        ("while c:\n    v = 1\nelse:\n    w = 2\nv, w", "c v w"),
        ("try:\n    a = f()\nexcept E:\n    a = None\na", "E f"),
        ("try:\n    a = f()\nexcept E:\n    pass\na", "E a f"),
        ("try:\n    a = 1\nfinally:\n    b = 2\na, b", ""),
        ("try:\n    pass\nexcept E as e:\n    pass\ne", "E e"),
        ("with o as h:\n    v = h\nv", "o"),
        ("with suppress(E):\n    v = f()\nv", "E f suppress v"),
        ("[i * k for i in r if i > m]", "k m r"),
        ("{a: b for a, b in p}\na", "a p"),
        ("[w := i for i in r]\nw", "r w"),
        ("(w := 5) + w", ""),
        ("a and (b := 1)\nb", "a b"),
        ("x if (y := c) else z\ny", "c x z"),
        ("lambda v=d: v + f", "d f"),
        ("def f(a, b=c, *d, e: T = g, **h) -> R:\n    return a + b + q", "R T c g q"),
        ("def f():\n    x = 1\n    def g():\n        return x + y\n    return g", "y"),
        ("def f():\n    global n\n    n += 1", "n"),
        ("def f():\n    return f()", ""),
        ("@d(p)\nclass A(B, metaclass=M):\n    z = z0\n    def m(self):\n        return z", "B M d p z z0"),
        ("class A:\n    x = 1\n    y = x", ""),
        ("import a.b, c as d\nfrom e import f as g\na, d, g", ""),
        ("from math import *\nsin(tau)", ""),
        ("f'{a:.{b}} {c!r} {d=}'", "a b c d"),
        ("x: T\nx", "T x"),
        ("async with s() as k:\n    await g(k)", "g s"),
        ("async for i in xs:\n    pass\nawait t", "t xs"),
        ("match p:\n    case {'a': v, **r}:\n        v\n    case C(q) if q > m:\n        pass\nv", "C m p v"),
        ("match p:\n    case 1:\n        v = 1\n    case _:\n        v = 2\nv", "p"),
        ("df.query('a > @t and b < @u.v')", "df t u"),
        ("eval('a + b'); exec('c = d\\nc')", "a b d"),
        ("!ls {path} $other ${last}", "last other path"),
        ("files = !ls\nfiles", ""),
        ("%time y = m.fit(X)\ny", "X m"),
        ("%timeit -n 10 f(x)", "f x"),
        ("%%time\nz = f(x)\nz", "f x"),
        ("thing?", "thing"),
        ("print(x for x in y)", "y"),
        ("return_ = yielded = a\nreturn_", "a"),
        ("a, *b = c\na, b", "c"),
        ("x = [x for x in x]", "x"),
    ],
)
def test_names_that_a_cell_reads(text: str, expected: str) -> None:
    assert names(text) == expected


def test_what_a_cell_assigns_and_changes() -> None:
    cell = read("a = 1\nb, (c, *d) = x\nmodel.fit(X)\ntable['k'] = 2\nobj.attr.x = 3\nimport os\ndef f(): pass\ndel a")
    assert cell.assigns == ["b", "c", "d", "os", "f"]
    assert cell.changes == ["model", "table", "obj"]


def test_literals_are_parameters() -> None:
    cell = read(
        "lr = 0.1\na, b = 1, -2.5\nname: str = 'x'\nlayers = [1, 2]\nlr = 0.2\ncomputed = f()\nif a:\n    inner = 1"
    )
    assert cell.literals == {"lr": 0.1, "a": 1, "b": -2.5, "name": "x", "layers": [1, 2]}


def test_tables_of_sql() -> None:
    cell = read("con.sql('select * from sales s, items i join names using (id)')\ncon.execute(f'SELECT {x} FROM big')")
    assert cell.tables == {"sales", "items", "names", "big"}
    assert read("print('sent from home')").tables == {"home"}


def test_calls_that_wait_for_a_keyboard() -> None:
    assert [text.split("(")[0] for text in read("input()\nimport pdb\npdb.set_trace()\nbreakpoint()").keyboard] == [
        "line 1 calls input",
        "line 3 calls pdb.set_trace",
        "line 4 calls breakpoint",
    ]
    assert read("def input(): return 1\ninput()").keyboard == []
