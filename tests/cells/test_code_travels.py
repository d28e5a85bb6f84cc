"""Functions and classes of the notebook travel as source, with what they need."""

# ruff: noqa: E501 - a cell is one text, as it was typed

from __future__ import annotations

from typing import Any

import pytest

from jupyter_mlws.errors import CaptureError


def test_a_function_takes_along_the_names_that_it_uses(notebook: Any) -> None:
    notebook.cell("scale = 3")
    notebook.cell("def helper(x):\n    return x * scale")
    notebook.cell("def train(x):\n    return helper(x) + 1")
    done = notebook.submit("result = train(5)")
    assert done["result"] == 16
    assert done.how == {"train": "source", "helper": "source", "scale": "data"}
    assert "def train(x)" in done.captured("train").text


def test_cells_run_out_of_order_travel_as_they_are_now(notebook: Any) -> None:
    notebook.cell("def f():\n    return value")
    notebook.cell("value = 1")
    notebook.cell("value = value + 10")
    assert notebook.submit("result = f()")["result"] == 11


def test_a_function_that_was_redefined_travels_in_its_last_form(notebook: Any) -> None:
    notebook.cell("def f():\n    return 'old'")
    notebook.cell("old = f")
    notebook.cell("def f():\n    return 'new'")
    done = notebook.submit("result = f(), old()")
    assert done["result"] == ("new", "old")


def test_closures_share_the_cell_that_they_shared(notebook: Any) -> None:
    notebook.cell(
        """
        def counter(start):
            n = start
            def up():
                nonlocal n
                n += 1
                return n
            def get():
                return n
            return up, get
        up, get = counter(10)
        up()
        """
    )
    done = notebook.submit("up()\nup()\nresult = get()")
    assert done["result"] == 13
    assert set(done.how) == {"up", "get"}


def test_a_recursive_closure_refers_to_itself(notebook: Any) -> None:
    notebook.cell(
        "def make():\n    def fact(n):\n        return 1 if n < 2 else n * fact(n - 1)\n    return fact\nfact = make()"
    )
    assert notebook.submit("result = fact(6)")["result"] == 720


def test_several_lambdas_on_one_line_keep_apart(notebook: Any) -> None:
    notebook.cell(
        "base = 100\nops = {'a': lambda x: x + base, 'b': lambda x: x * 2, 'c': lambda x: x - 1}; sq = lambda x: x * x"
    )
    done = notebook.submit("result = ops['a'](1), ops['b'](5), ops['c'](5), sq(4)")
    assert done["result"] == (101, 10, 4, 16)
    assert done.how["base"] == "data"


def test_decorators_are_not_run_again(notebook: Any) -> None:
    notebook.cell(
        """
        import functools
        calls = []
        def logged(function):
            calls.append(function.__name__)
            @functools.wraps(function)
            def wrapper(*args):
                return ("seen", function(*args))
            return wrapper

        @logged
        def train(x):
            return x + len(calls)
        """
    )
    done = notebook.submit("result = train(1), list(calls), train.__name__")
    assert done["result"] == (("seen", 2), ["train"], "train")


def test_cached_and_dispatching_functions_and_partials(notebook: Any) -> None:
    notebook.cell(
        """
        import functools
        @functools.lru_cache(maxsize=7)
        def slow(x):
            return x + offset
        offset = 4
        @functools.singledispatch
        def kind(x):
            return "any"
        @kind.register
        def _(x: int):
            return "int"
        plus = functools.partial(lambda a, b=1: a + b, b=5)
        """
    )
    done = notebook.submit("result = slow(1), slow.cache_parameters()['maxsize'], kind(1), kind('a'), plus(2)")
    assert done["result"] == (5, 7, "int", "any", 7)


def test_defaults_are_those_of_the_definition(notebook: Any) -> None:
    notebook.cell(
        "rate = 0.5\ndef f(x, rate=rate, *, seen=[]):\n    seen.append(x)\n    return x * rate, list(seen)\nf(0)"
    )
    notebook.cell("rate = 99")
    assert notebook.submit("result = f(4)")["result"] == (2.0, [0, 4])


def test_a_class_with_its_bases_travels_before_its_instances(notebook: Any) -> None:
    notebook.cell(
        """
        import abc
        class Base(abc.ABC):
            made = 0
            def __init__(self, w):
                self.w = w
                type(self).made += 1
            @abc.abstractmethod
            def predict(self, x): ...
            def score(self, x):
                return self.predict(x) * factor
        factor = 10
        class Model(Base):
            def __init__(self, w):
                super().__init__(w)
            def predict(self, x):
                return self.w * x
            @property
            def double(self):
                return self.w * 2
            @classmethod
            def zero(cls):
                return cls(0)
            @staticmethod
            def name():
                return "model"
        model = Model(3)
        """
    )
    done = notebook.submit(
        "result = model.score(2), model.double, Model.made, Model.zero().w, model.name(), isinstance(model, Base)"
    )
    assert done["result"] == (60, 6, 1, 0, "model", True)
    assert {"model": "data", "Model": "source", "Base": "source", "factor": "data"}.items() <= done.how.items()


def test_an_instance_alone_brings_its_class_and_comes_back_as_the_notebooks_own(notebook: Any) -> None:
    notebook.cell(
        "class Net:\n    def __init__(self):\n        self.w = 1\n    def fit(self):\n        self.w += limit\nlimit = 4\nnet = Net()"
    )
    done = notebook.submit("net.fit()")
    assert done["net"].w == 5
    assert type(done["net"]) is notebook["Net"]
    assert notebook["net"].w == 1


def test_dataclasses_named_tuples_and_enumerations(notebook: Any) -> None:
    notebook.cell(
        """
        import dataclasses, enum, typing, collections
        @dataclasses.dataclass(order=True)
        class Config:
            lr: float = 0.1
            layers: list = dataclasses.field(default_factory=lambda: [8])
            def total(self):
                return sum(self.layers)
        class Point(typing.NamedTuple):
            x: int
            y: int = 7
            def norm(self):
                return self.x + self.y
        Pair = collections.namedtuple("Pair", "a b")
        class Colour(enum.Enum):
            RED = 1
            BLUE = 2
            def upper(self):
                return self.name.upper()
        class Flag(enum.IntFlag):
            A = 1
            B = 2
        config, point, pair, colour = Config(0.2), Point(1), Pair(1, 2), Colour.BLUE
        """
    )
    done = notebook.submit(
        """
        result = (Config(), config.total(), Config(0.1) < Config(0.3), dataclasses.asdict(config))
        more = (point.norm(), Point(2).y, pair.b, Pair(3, 4)._asdict())
        last = (colour is Colour.BLUE, colour.upper(), Colour(1).name, (Flag.A | Flag.B).value)
        """
    )
    config = notebook["Config"]
    assert done["result"] == (config(), 8, True, {"lr": 0.2, "layers": [8]})
    assert done["more"] == (8, 7, 2, {"a": 3, "b": 4})
    assert done["last"] == (True, "BLUE", "RED", 3)


def test_a_class_made_in_a_function_and_a_metaclass(notebook: Any) -> None:
    notebook.cell(
        """
        class Meta(type):
            def __new__(mcls, name, bases, ns):
                ns["tag"] = name.lower()
                return super().__new__(mcls, name, bases, ns)
        class Tagged(metaclass=Meta):
            def get(self):
                return self.tag
        def make(k):
            class Inner:
                __slots__ = ("v",)
                def __init__(self, v):
                    self.v = v * k
            return Inner
        Inner = make(3)
        inner = Inner(2)
        """
    )
    done = notebook.submit("result = Tagged().get(), inner.v, Inner(5).v")
    assert done["result"] == ("tagged", 6, 15)


def test_registries_filled_by_subclasses_are_not_filled_twice(notebook: Any) -> None:
    notebook.cell(
        """
        class Plugin:
            known = {}
            def __init_subclass__(cls, **kw):
                Plugin.known.setdefault(cls.__name__, []).append(1)
        class A(Plugin): pass
        class B(Plugin): pass
        """
    )
    done = notebook.submit(
        "class C(Plugin): pass\nresult = {k: len(v) for k, v in Plugin.known.items()}, A.__mro__[1] is Plugin"
    )
    assert done["result"] == ({"A": 1, "B": 1, "C": 1}, True)


def test_type_variables_and_generics(notebook: Any) -> None:
    notebook.cell(
        """
        from typing import Generic, TypeVar
        T = TypeVar("T")
        class Box(Generic[T]):
            def __init__(self, v: T):
                self.v = v
        box: "Box[int]" = Box(4)
        """
    )
    assert notebook.submit("result = box.v + Box[int](1).v")["result"] == 5


def test_inspect_finds_the_source_in_the_job(notebook: Any) -> None:
    notebook.cell("def f(x):\n    # a remark\n    return x")
    done = notebook.submit("import inspect\ndef g(): return 'g'\nresult = inspect.getsource(f), inspect.getsource(g)")
    assert done["result"] == ("def f(x):\n    # a remark\n    return x\n", "def g(): return 'g'\n")


def test_a_function_made_by_exec_travels_as_compiled_code(notebook: Any) -> None:
    notebook.cell("exec('def f(x):\\n    return x + shift')\nshift = 2")
    assert notebook.submit("result = f(1)")["result"] == 3


def test_a_generator_is_named_with_the_way_out(notebook: Any) -> None:
    notebook.cell("gen = (i for i in range(3))")
    with pytest.raises(CaptureError, match=r"gen cannot travel .* a generator\. .*--capture=-gen"):
        notebook.prepare("total = sum(gen)")


def test_a_class_that_the_cell_defines_comes_back_by_value(notebook: Any) -> None:
    done = notebook.submit(
        "class Local:\n    def hi(self):\n        return 'hi'\nthing = Local()\nf = lambda: 3", "--return thing,f"
    )
    assert done["thing"].hi() == "hi"
    assert done["f"]() == 3


def test_shared_random_generators_are_the_job_s_own(notebook: Any) -> None:
    notebook.cell("import random\nfrom random import shuffle\nfrom numpy.random import rand\nimport numpy as np")
    notebook.cell("def draw():\n    a = list(range(10))\n    shuffle(a)\n    return a, float(rand())")
    done = notebook.submit("random.seed(3)\nnp.random.seed(3)\nresult = draw()")
    notebook.cell("random.seed(3)\nnp.random.seed(3)\nhere = draw()")
    assert done["result"] == notebook["here"]


def test_an_enumeration_takes_its_values_from_the_notebook(notebook: Any) -> None:
    notebook.cell(
        "from enum import IntEnum, Enum\nfrom functools import partial\nbatch = 8\n"
        "class Size(IntEnum):\n    small = batch\nclass Step(Enum):\n    one = partial(int)"
    )
    assert notebook.submit("result = int(Size.small), Step.one.value()")["result"] == (8, 0)


def test_an_enumeration_that_its_cell_would_make_otherwise_is_refused(notebook: Any) -> None:
    notebook.cell("from enum import Enum\nbatch = 8")
    notebook.cell("class Size(Enum):\n    small = batch")
    notebook.cell("batch = 9")
    done = notebook.submit("result = Size.small.value", fails=True)
    assert "Size has other values in the notebook than its cell gives now: run that cell again" in done.error["message"]


def test_code_of_classes_that_runs_while_values_are_read_finds_its_globals(notebook: Any) -> None:
    notebook.cell(
        """
        import hashlib
        bits = 8
        class Key:
            def __init__(self, s): self.s = s
            def __hash__(self): return int(hashlib.md5(self.s.encode()).hexdigest()[:bits], 16)
            def __eq__(self, o): return self.s == o.s
        d = {Key('a'): 1}
        """
    )
    assert notebook.submit("result = d[Key('a')]")["result"] == 1


def test_methods_of_a_nested_class_see_the_notebook_not_the_outer_class(notebook: Any) -> None:
    notebook.cell("alpha = 1")
    done = notebook.submit(
        """
        class Outer:
            alpha = 100
            class Inner:
                def get(self): return alpha
        result = Outer.Inner().get()
        """
    )
    assert done["result"] == 1


def test_a_decorator_that_is_a_class_travels(notebook: Any) -> None:
    notebook.cell(
        """
        class Counted:
            def __init__(self, f): self.f = f; self.__wrapped__ = f; self.n = 0
            def __call__(self, *a): self.n += 1; return self.f(*a)
        @Counted
        def double(x): return x * 2
        double(1)
        """
    )
    assert notebook.submit("result = double(2), double.n")["result"] == (4, 2)


def test_a_type_that_is_new_in_the_notebook_travels(notebook: Any) -> None:
    notebook.cell("from typing import NewType\nUid = NewType('Uid', int)\ndef get(u: Uid): return u + 1")
    assert notebook.submit("result = get(Uid(3))")["result"] == 4
