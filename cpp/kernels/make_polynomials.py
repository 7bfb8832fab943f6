"""Makes polynomials.inl: the coefficients of exp, log, log1p, tanh and the normal tail for float and double.

Each function is reduced to an analytic remainder on a small interval, and the remainder is interpolated at Chebyshev
nodes in 60 digits (mpmath); that is within a small factor of the best polynomial of the degree. Run it and redirect:

    python cpp/kernels/make_polynomials.py > cpp/kernels/polynomials.inl
"""

from collections.abc import Callable

import mpmath as mp

mp.mp.dps = 60

Function = Callable[[mp.mpf], mp.mpf]


def interpolate(f: Function, low: mp.mpf, high: mp.mpf, degree: int) -> list[mp.mpf]:
    """Coefficients, constant first, of the polynomial through f at the Chebyshev nodes of [low, high]."""
    n = degree + 1
    nodes = [(low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (2 * k + 1) / (2 * n)) for k in range(n)]
    matrix = mp.matrix(n, n)
    for i, x in enumerate(nodes):
        for j in range(n):
            matrix[i, j] = x**j
    return list(mp.lu_solve(matrix, mp.matrix([f(x) for x in nodes])))


def exp_remainder(r: mp.mpf) -> mp.mpf:
    """exp(r) = 1 + r + r² q(r); returns q."""
    return sum(r**k / mp.factorial(k + 2) for k in range(40))


def atanh_remainder(t: mp.mpf) -> mp.mpf:
    """2 atanh(s) = 2 s + s³ q(s²); returns q at t = s²."""
    return sum(2 * t**k / (2 * k + 3) for k in range(120))


def tanh_remainder(t: mp.mpf) -> mp.mpf:
    """tanh(x) = x + x³ q(x²); returns q at t = x²."""
    if t == 0:
        return mp.mpf(-1) / 3
    x = mp.sqrt(t)
    return (mp.tanh(x) - x) / (x * t)


def tail_remainder(t: mp.mpf) -> mp.mpf:
    """The normal distribution's tail beyond u is exp(-u²/2) t q(t) with t = 4 / (4 + u); returns q."""
    u = 4 / t - 4
    return mp.erfc(u / mp.sqrt(2)) * mp.exp(u * u / 2) / (2 * t)


HALF_LN2 = mp.log(2) / 2 * mp.mpf("1.001")
LOG_RANGE = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * mp.mpf("1.001")
# name, remainder, interval, degree for float, degree for double
FUNCTIONS: list[tuple[str, Function, mp.mpf, mp.mpf, int, int]] = [
    ("exp_poly", exp_remainder, -HALF_LN2, HALF_LN2, 4, 9),
    ("log_poly", atanh_remainder, mp.mpf(0), LOG_RANGE, 3, 7),
    ("log1p_poly", atanh_remainder, mp.mpf(0), mp.mpf(1) / 9, 5, 12),
    ("tanh_poly", tanh_remainder, mp.mpf(0), mp.mpf("0.625") ** 2, 5, 12),
    ("tail_poly", tail_remainder, mp.mpf(4) / 43, mp.mpf(1), 9, 22),  # u up to 39, where doubles end
]


def main() -> None:
    """Prints the header."""
    print("// Made by make_polynomials.py; do not edit. Coefficients, constant first.")
    print("template <class T> struct Polynomials;")
    for type_name, suffix, digits in (("float", "f", 10), ("double", "", 19)):
        print(f"template <> struct Polynomials<{type_name}> {{")
        for name, f, low, high, degree_float, degree_double in FUNCTIONS:
            degree = degree_float if type_name == "float" else degree_double
            values = [mp.nstr(c, digits, strip_zeros=False) + suffix for c in interpolate(f, low, high, degree)]
            print(f"  static constexpr {type_name} {name}[] = {{")
            print("\n".join(f"      {v}," for v in values) + "};")
        print("};")


if __name__ == "__main__":
    main()
