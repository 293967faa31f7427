// A block of neighbouring pixels at once. `Floats` and `Ints` are arithmetic types with a lane for each; the compiler
// maps one to a register of the level it compiles for. Included once a level.

constexpr int lanes = SIXBIT_LANES;

#if defined(__GNUC__) && !defined(SIXBIT_PLAIN_LANES)

using Floats = float __attribute__((vector_size(4 * lanes)));
using Ints = std::int32_t __attribute__((vector_size(4 * lanes)));

INLINE Ints to_ints(Floats a) { return __builtin_convertvector(a, Ints); }
INLINE Floats to_floats(Ints a) { return __builtin_convertvector(a, Floats); }
INLINE Floats select(Ints mask, Floats yes, Floats no) { return mask ? yes : no; }
INLINE Floats all(float value) { return value - Floats{}; }
INLINE Ints all(std::int32_t value) { return value - Ints{}; }

#else  // other compilers: the same by loops

template <typename T>
struct Lanes {
    T lane[lanes];
    T& operator[](int i) { return lane[i]; }
    T operator[](int i) const { return lane[i]; }
};
using Floats = Lanes<float>;
using Ints = Lanes<std::int32_t>;

#define SIXBIT_OPERATOR(op, Result)                                        \
    template <typename T>                                                  \
    INLINE Result operator op(const Lanes<T>& a, const Lanes<T>& b) {      \
        Result c;                                                          \
        for (int i = 0; i < lanes; ++i) c[i] = a[i] op b[i];               \
        return c;                                                          \
    }                                                                      \
    template <typename T>                                                  \
    INLINE Result operator op(const Lanes<T>& a, T b) {                    \
        Result c;                                                          \
        for (int i = 0; i < lanes; ++i) c[i] = a[i] op b;                  \
        return c;                                                          \
    }
SIXBIT_OPERATOR(+, Lanes<T>)
SIXBIT_OPERATOR(-, Lanes<T>)
SIXBIT_OPERATOR(*, Lanes<T>)
SIXBIT_OPERATOR(&, Lanes<T>)
SIXBIT_OPERATOR(>>, Lanes<T>)
#undef SIXBIT_OPERATOR
#define SIXBIT_COMPARISON(op)                                              \
    template <typename T>                                                  \
    INLINE Ints operator op(const Lanes<T>& a, const Lanes<T>& b) {        \
        Ints c;                                                            \
        for (int i = 0; i < lanes; ++i) c[i] = a[i] op b[i] ? -1 : 0;      \
        return c;                                                          \
    }                                                                      \
    template <typename T>                                                  \
    INLINE Ints operator op(const Lanes<T>& a, T b) {                      \
        Ints c;                                                            \
        for (int i = 0; i < lanes; ++i) c[i] = a[i] op b ? -1 : 0;         \
        return c;                                                          \
    }
SIXBIT_COMPARISON(<)
SIXBIT_COMPARISON(>)
SIXBIT_COMPARISON(>=)
SIXBIT_COMPARISON(<=)
SIXBIT_COMPARISON(==)
#undef SIXBIT_COMPARISON

INLINE Ints to_ints(const Floats& a) {
    Ints c;
    for (int i = 0; i < lanes; ++i) c[i] = std::int32_t(a[i]);
    return c;
}
INLINE Floats to_floats(const Ints& a) {
    Floats c;
    for (int i = 0; i < lanes; ++i) c[i] = float(a[i]);
    return c;
}
INLINE Floats select(const Ints& mask, const Floats& yes, const Floats& no) {
    Floats c;
    for (int i = 0; i < lanes; ++i) c[i] = mask[i] ? yes[i] : no[i];
    return c;
}
INLINE Floats all(float value) {
    Floats a;
    for (int i = 0; i < lanes; ++i) a[i] = value;
    return a;
}
INLINE Ints all(std::int32_t value) {
    Ints a;
    for (int i = 0; i < lanes; ++i) a[i] = value;
    return a;
}

#endif

INLINE Floats load(const float* p) {
    Floats a;
    std::memcpy(&a, p, sizeof a);
    return a;
}
INLINE Ints load(const std::int32_t* p) {
    Ints a;
    std::memcpy(&a, p, sizeof a);
    return a;
}
INLINE void store(float* p, Floats a) { std::memcpy(p, &a, sizeof a); }
INLINE void store(std::int32_t* p, Ints a) { std::memcpy(p, &a, sizeof a); }

// The bits of a float as a number, for whoever vectorises the loop around it.
INLINE std::int32_t bits_of(float a) {
    std::int32_t b;
    std::memcpy(&b, &a, sizeof b);
    return b;
}

// 0, 1, 2 ...
INLINE Ints counting() {
    alignas(64) static constexpr std::int32_t numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    Ints a;
    std::memcpy(&a, numbers, sizeof a);
    return a;
}
INLINE Floats smaller(Floats a, Floats b) { return select(a < b, a, b); }
INLINE Floats larger(Floats a, Floats b) { return select(a > b, a, b); }
INLINE Floats clamp(Floats a, Floats low, Floats high) {
    a = select(a > low, a, low);
    return select(a > high, high, a);
}
INLINE Ints floor_to_ints(Floats a) {
    const Ints cut = to_ints(a);
    return cut + (to_floats(cut) > a);  // a comparison that holds is -1
}
