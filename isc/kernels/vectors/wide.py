"""A sixteen-lane float32 vector for numba, one lane a feature: no remainders, no sums across lanes.

Sixteen features side by side are what a cube with time outside already holds. LLVM lowers the type to one AVX-512
register, two of AVX, four of NEON or SSE. As in `isc.kernels.vectors.simd`, loads and stores are unaligned and
unchecked, and there is no fast-math: a lane has, bit for bit, what a scalar of the same operations has.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model

WIDE = 16
_VECTOR = ir.VectorType(ir.FloatType(), WIDE)
_INT32 = ir.IntType(32)


class Float32x16(types.Type):
    """Numba type of sixteen float32 lanes."""

    def __init__(self) -> None:
        super().__init__(name="Float32x16")


float32x16 = Float32x16()


@register_model(Float32x16)
class _Float32x16Model(models.PrimitiveModel):
    def __init__(self, manager: Any, numba_type: types.Type) -> None:
        super().__init__(manager, numba_type, _VECTOR)


def _data(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    """Pointer to the first value of an array."""
    return context.make_array(kind)(context, builder, array).data


def _lanes_at(builder: Any, data: Any, index: Any) -> Any:
    """Pointer to sixteen lanes at ``data[index]``."""
    return builder.bitcast(builder.gep(data, [index]), _VECTOR.as_pointer())


@intrinsic
def load_wide(typing_context: Any, array: Any, index: Any) -> Any:
    """Lanes ``array[index:index + 16]``."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = _data(context, builder, signature.args[0], arguments[0])
        return builder.load(_lanes_at(builder, data, arguments[1]), align=4)

    return float32x16(array, types.intp), code


@intrinsic
def store_wide(typing_context: Any, array: Any, index: Any, vector: Any) -> Any:
    """Write the lanes to ``array[index:index + 16]``."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = _data(context, builder, signature.args[0], arguments[0])
        builder.store(arguments[2], _lanes_at(builder, data, arguments[1]), align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, float32x16), code


@intrinsic
def splat_wide(typing_context: Any, value: Any) -> Any:
    """The scalar in every lane."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        nothing = ir.Constant(_VECTOR, ir.Undefined)
        lane = builder.insert_element(nothing, arguments[0], ir.Constant(_INT32, 0))
        return builder.shuffle_vector(lane, nothing, ir.Constant(ir.VectorType(_INT32, WIDE), [0] * WIDE))

    return float32x16(types.float32), code


@intrinsic
def multiply_add_wide(typing_context: Any, first: Any, second: Any, addend: Any) -> Any:
    """``first * second + addend``, fused where the processor can."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.fmuladd.v16f32"), arguments)

    return float32x16(float32x16, float32x16, float32x16), code


@intrinsic
def square_root_wide(typing_context: Any, vector: Any) -> Any:
    """Square root of every lane, correctly rounded."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(_VECTOR, [_VECTOR])
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.sqrt.v16f32"), arguments)

    return float32x16(float32x16), code


def _of_two(name: str) -> Any:
    """Intrinsic of two vectors that is one of LLVM's."""

    @intrinsic
    def apply(typing_context: Any, left: Any, right: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kind = ir.FunctionType(_VECTOR, [_VECTOR] * 2)
            return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)

        return float32x16(float32x16, float32x16), code

    return apply


smaller = _of_two("llvm.minnum.v16f32")
larger = _of_two("llvm.maxnum.v16f32")


@intrinsic
def between(typing_context: Any, low: Any, vector: Any, high: Any) -> Any:
    """Bit k says whether ``low < vector < high`` in lane k; not so for NaN."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        low, vector, high = arguments
        inside = builder.and_(builder.fcmp_ordered("<", low, vector), builder.fcmp_ordered("<", vector, high))
        return builder.zext(builder.bitcast(inside, ir.IntType(WIDE)), ir.IntType(64))

    return types.int64(float32x16, float32x16, float32x16), code


def _ask(builder: Any, data: Any, index: Any) -> None:
    """Ask for the cache line at ``data[index]``."""
    byte = ir.IntType(8).as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [byte, _INT32, _INT32, _INT32])
    options = [ir.Constant(_INT32, value) for value in (0, 2, 1)]  # to read; keep from the second level on; data
    call = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    builder.call(call, [builder.bitcast(builder.gep(data, [index]), byte), *options])


@intrinsic
def ask_for(typing_context: Any, array: Any, index: Any) -> Any:
    """Ask for the cache line of ``array[index]``, which may lie outside the array, into the second-level cache."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _ask(builder, _data(context, builder, signature.args[0], arguments[0]), arguments[1])
        return context.get_dummy_value()

    return types.void(array, types.intp), code


@intrinsic
def transpose_wide(
    typing_context: Any, source: Any, place: Any, step: Any, ahead: Any, target: Any, spot: Any, pitch: Any
) -> Any:
    """Write sixteen rows of ``source`` (at place, place + step, ...) as sixteen columns of ``target``.

    Row k of the target, at ``spot + k * pitch``, is lane k of the source rows. What lies ``ahead`` is asked for.
    """
    lanes = ir.VectorType(_INT32, WIDE)

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = _data(context, builder, signature.args[0], arguments[0])
        out = _data(context, builder, signature.args[4], arguments[4])
        at, step_, ahead_, spot_, pitch_ = arguments[1], arguments[2], arguments[3], arguments[5], arguments[6]
        rows = []
        for _ in range(WIDE):
            rows.append(builder.load(_lanes_at(builder, data, at), align=4))
            _ask(builder, data, builder.add(at, ahead_))
            at = builder.add(at, step_)
        for d in (1, 2, 4, 8):
            low = ir.Constant(lanes, [j if not j & d else WIDE + j - d for j in range(WIDE)])
            high = ir.Constant(lanes, [j + d if not j & d else WIDE + j for j in range(WIDE)])
            for i in range(WIDE):
                if not i & d:
                    a, b = rows[i], rows[i + d]
                    rows[i], rows[i + d] = builder.shuffle_vector(a, b, low), builder.shuffle_vector(a, b, high)
        for row in rows:
            builder.store(row, _lanes_at(builder, out, spot_), align=4)
            spot_ = builder.add(spot_, pitch_)
        return context.get_dummy_value()

    return types.void(source, types.intp, types.intp, types.intp, target, types.intp, types.intp), code


def _binary(operation: Callable[..., Any], instruction: str) -> None:
    """Overload a Python operator on two vectors by one LLVM instruction."""

    @intrinsic
    def apply(typing_context: Any, left: Any, right: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return getattr(builder, instruction)(*arguments)

        return float32x16(float32x16, float32x16), code

    @overload(operation)
    def typed(left, right):  # type: ignore[no-untyped-def]  # numba compares the bare signatures
        if isinstance(left, Float32x16) and isinstance(right, Float32x16):
            return lambda left, right: apply(left, right)
        return None


_binary(operator.add, "fadd")
_binary(operator.sub, "fsub")
_binary(operator.mul, "fmul")
_binary(operator.truediv, "fdiv")
