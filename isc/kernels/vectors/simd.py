"""An eight-lane float32 vector for numba, so that kernels say exactly what is vectorised.

LLVM lowers the type to AVX, NEON or SSE registers; nothing here is tied to one processor. Loads and stores take a
one-dimensional C-contiguous float32 array and the index of the first lane. They are unaligned and unchecked: the
caller guarantees ``LANES`` readable values. No fast-math anywhere: NaN keeps its meaning and sums their order.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.options import DefaultOptions
from numba.extending import intrinsic, models, overload, register_model

LANES = 8
_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_INT32 = ir.IntType(32)

# Reference counting (atomic operations for every array handed to a function) costs about half of the time of a
# kernel. numba's private option turns it off for functions that allocate nothing; without the option kernels are
# only slower.
FAST: dict[str, Any] = {"nogil": True, "error_model": "numpy", "cache": True}
if hasattr(DefaultOptions, "_nrt"):
    FAST["_nrt"] = False


class Float32x8(types.Type):
    """Numba type of eight float32 lanes."""

    def __init__(self) -> None:
        super().__init__(name="Float32x8")


float32x8 = Float32x8()


@register_model(Float32x8)
class _Float32x8Model(models.PrimitiveModel):
    def __init__(self, manager: Any, numba_type: types.Type) -> None:
        super().__init__(manager, numba_type, _VECTOR)


def _address(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Pointer to eight lanes at ``array[index]``."""
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.bitcast(builder.gep(array.data, [arguments[1]]), _VECTOR.as_pointer())


def _fill(builder: Any, value: Any, vector_type: Any = _VECTOR) -> Any:
    """Vector with the same scalar in every lane."""
    lane = builder.insert_element(ir.Constant(vector_type, ir.Undefined), value, ir.Constant(_INT32, 0))
    zeros = ir.Constant(ir.VectorType(_INT32, LANES), [0] * LANES)
    return builder.shuffle_vector(lane, ir.Constant(vector_type, ir.Undefined), zeros)


@intrinsic
def load(typing_context: Any, array: Any, index: Any) -> Any:
    """Lanes ``array[index:index + 8]``."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_address(context, builder, signature, arguments), align=4)

    return float32x8(array, types.intp), code


@intrinsic
def store(typing_context: Any, array: Any, index: Any, vector: Any) -> Any:
    """Write the lanes to ``array[index:index + 8]``."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], _address(context, builder, signature, arguments), align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, float32x8), code


@intrinsic
def prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    """Ask for the cache line of ``array[index]``, which may lie outside the array; nothing is read."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte, data = (
            ir.IntType(8).as_pointer(),
            context.make_array(signature.args[0])(context, builder, arguments[0]).data,
        )
        kind = ir.FunctionType(ir.VoidType(), [byte, _INT32, _INT32, _INT32])
        options = [ir.Constant(_INT32, value) for value in (0, 3, 1)]  # to read; keep in all caches; data
        call = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(call, [builder.bitcast(builder.gep(data, [arguments[1]]), byte), *options])
        return context.get_dummy_value()

    return types.void(array, types.intp), code


@intrinsic
def splat(typing_context: Any, value: Any) -> Any:
    """The scalar in every lane."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _fill(builder, arguments[0])

    return float32x8(types.float32), code


@intrinsic
def multiply_add(typing_context: Any, first: Any, second: Any, addend: Any) -> Any:
    """``first * second + addend``, fused where the processor can."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.fmuladd.v8f32"), arguments)

    return float32x8(float32x8, float32x8, float32x8), code


@intrinsic
def square_root(typing_context: Any, vector: Any) -> Any:
    """Square root of every lane, correctly rounded."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(_VECTOR, [_VECTOR])
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.sqrt.v8f32"), arguments)

    return float32x8(float32x8), code


@intrinsic
def keep_first(typing_context: Any, vector: Any, count: Any) -> Any:
    """The first ``count`` lanes; the others become zero, also where they hold NaN."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        integers = ir.VectorType(_INT32, LANES)
        limit = _fill(builder, builder.trunc(arguments[1], _INT32), integers)
        mask = builder.icmp_signed("<", ir.Constant(integers, list(range(LANES))), limit)
        return builder.select(mask, arguments[0], ir.Constant(_VECTOR, [0.0] * LANES))

    return float32x8(float32x8, types.intp), code


@intrinsic
def total(typing_context: Any, vector: Any) -> Any:
    """Sum of the lanes, always in the same order."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value = arguments[0]
        for width in (4, 2, 1):
            order = list(range(width, 2 * width)) + list(range(LANES - width))
            moved = builder.shuffle_vector(value, value, ir.Constant(ir.VectorType(_INT32, LANES), order))
            value = builder.fadd(value, moved)
        return builder.extract_element(value, ir.Constant(_INT32, 0))

    return types.float32(float32x8), code


@intrinsic
def first_lane(typing_context: Any, vector: Any) -> Any:
    """Lane 0 as a scalar."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.extract_element(arguments[0], ir.Constant(_INT32, 0))

    return types.float32(float32x8), code


@intrinsic
def totals(typing_context: Any, array: Any, index: Any, step: Any) -> Any:
    """Lane k is the sum of the eight values at ``array[index + k * step]``: eight sums at once."""
    rounds = (
        ([0, 8, 2, 10, 4, 12, 6, 14], [1, 9, 3, 11, 5, 13, 7, 15]),
        ([0, 1, 8, 9, 4, 5, 12, 13], [2, 3, 10, 11, 6, 7, 14, 15]),
        ([0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15]),
    )

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place, values = arguments[1], []
        for _ in range(LANES):
            values.append(builder.load(builder.bitcast(builder.gep(data, [place]), _VECTOR.as_pointer()), align=4))
            place = builder.add(place, arguments[2])
        for low, high in rounds:
            masks = [ir.Constant(ir.VectorType(_INT32, LANES), order) for order in (low, high)]
            values = [
                builder.fadd(*[builder.shuffle_vector(left, right, mask) for mask in masks])
                for left, right in zip(values[::2], values[1::2], strict=True)
            ]
        return values[0]

    return float32x8(array, types.intp, types.intp), code


@intrinsic
def transpose(
    typing_context: Any, source: Any, place: Any, step: Any, origin: Any, target: Any, spot: Any, pitch: Any
) -> Any:
    """Write eight rows of ``source`` (at place, place + step, ...) less ``origin`` as eight columns of ``target``.

    Row k of the target, at ``spot + k * pitch``, is lane k of the source rows.
    """
    masks = {}
    for d in (1, 2, 4):
        low = [j if not j & d else 8 + j - d for j in range(LANES)]
        high = [j + d if not j & d else 8 + j for j in range(LANES)]
        masks[d] = (low, high)

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        data = context.make_array(kinds[0])(context, builder, arguments[0]).data
        out = context.make_array(kinds[4])(context, builder, arguments[4]).data
        at, step_, shift, spot_, pitch_ = arguments[1], arguments[2], arguments[3], arguments[5], arguments[6]
        rows = []
        for _ in range(LANES):
            row = builder.load(builder.bitcast(builder.gep(data, [at]), _VECTOR.as_pointer()), align=4)
            rows.append(builder.fsub(row, shift))
            at = builder.add(at, step_)
        for d, orders in masks.items():
            mask = [ir.Constant(ir.VectorType(_INT32, LANES), order) for order in orders]
            for i in range(LANES):
                if not i & d:
                    a, b = rows[i], rows[i + d]
                    rows[i], rows[i + d] = builder.shuffle_vector(a, b, mask[0]), builder.shuffle_vector(a, b, mask[1])
        for row in rows:
            builder.store(row, builder.bitcast(builder.gep(out, [spot_]), _VECTOR.as_pointer()), align=4)
            spot_ = builder.add(spot_, pitch_)
        return context.get_dummy_value()

    return types.void(source, types.intp, types.intp, float32x8, target, types.intp, types.intp), code


def _binary(operation: Callable[..., Any], instruction: str) -> None:
    """Overload a Python operator on two vectors by one LLVM instruction."""

    @intrinsic
    def apply(typing_context: Any, left: Any, right: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return getattr(builder, instruction)(*arguments)

        return float32x8(float32x8, float32x8), code

    @overload(operation)
    def typed(left, right):  # type: ignore[no-untyped-def]  # numba compares the bare signatures
        if isinstance(left, Float32x8) and isinstance(right, Float32x8):
            return lambda left, right: apply(left, right)
        return None


_binary(operator.add, "fadd")
_binary(operator.sub, "fsub")
_binary(operator.mul, "fmul")
_binary(operator.truediv, "fdiv")
