// Pixels to light and back where a register holds 16 numbers: a shuffle of two registers is a table of 32 entries,
// worth more than loads one by one. So a curve is 32 polynomials, and what is packed in memory is taken apart and put
// together by shuffles too. Included by tile.hpp.

using Bytes = std::uint8_t __attribute__((vector_size(64)));
using Words = std::uint16_t __attribute__((vector_size(64)));

INLINE Ints bits_of(Floats a) {
    Ints b;
    std::memcpy(&b, &a, sizeof b);
    return b;
}

// ---- curves ----

// A polynomial of x for each lane, out of 32 by the low bits of `piece`; the highest power comes last.
template <int Terms>
INLINE Floats polynomial(const Floats* coefficients, Ints piece, Floats x) {
    Floats value = __builtin_shuffle(coefficients[2 * Terms - 2], coefficients[2 * Terms - 1], piece);
    for (int term = 2 * Terms - 4; term >= 0; term -= 2)
        value = value * x + __builtin_shuffle(coefficients[term], coefficients[term + 1], piece);
    return value;
}

// The quarter octave that x lies in has the polynomial; its variable is what is left of the mantissa, about the middle.
INLINE Floats quartic(const Floats* coefficients, Floats x) {
    const Ints bits = bits_of(x), rest = (bits & ((1 << 21) - 1)) | bits_of(all(1.0f));
    Floats t;
    std::memcpy(&t, &rest, sizeof t);
    return polynomial<5>(coefficients, bits >> 21, t - 1.125f);
}

// ---- packed pixels ----

// Sixteen pixels of three bytes, each to a number of its own, and back. The register holds four pixels a quarter.
INLINE Ints spread(Ints pixels) {
    const Ints quarters = __builtin_shuffle(pixels, Ints{0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 11});
#define SIXBIT_QUARTER(q) q, q + 1, q + 2, q + 2, q + 3, q + 4, q + 5, q + 5, q + 6, q + 7, q + 8, q + 8, q + 9, q + 10, q + 11, q + 11
    return Ints(__builtin_shuffle(
        Bytes(quarters), Bytes{SIXBIT_QUARTER(0), SIXBIT_QUARTER(16), SIXBIT_QUARTER(32), SIXBIT_QUARTER(48)}));
#undef SIXBIT_QUARTER
}
INLINE Ints gathered(Ints numbers) {
#define SIXBIT_QUARTER(q) q, q + 1, q + 2, q + 4, q + 5, q + 6, q + 8, q + 9, q + 10, q + 12, q + 13, q + 14, q + 15, q + 15, q + 15, q + 15
    const Bytes quarters = __builtin_shuffle(
        Bytes(numbers), Bytes{SIXBIT_QUARTER(0), SIXBIT_QUARTER(16), SIXBIT_QUARTER(32), SIXBIT_QUARTER(48)});
#undef SIXBIT_QUARTER
    return __builtin_shuffle(Ints(quarters), Ints{0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 3, 3, 3});
}

// Sixteen pixels in memory, one register a channel, as numbers (codes of 8 and 16 bits) or floats. `reach` is how many
// values are read.
template <int Channels, typename Code>
constexpr int reach = Channels == 3 && sizeof(Code) == 1 ? 64 : lanes * Channels;
template <int Channels>
INLINE void unpack(const std::uint8_t* source, Ints* codes) {
    if constexpr (Channels == 1) {
        std::uint8_t bytes __attribute__((vector_size(16)));
        std::memcpy(&bytes, source, sizeof bytes);
        codes[0] = __builtin_convertvector(bytes, Ints);
        return;
    }
    Ints pixels;
    std::memcpy(&pixels, source, sizeof pixels);
    if (Channels == 3) pixels = spread(pixels);
    for (int k = 0; k < Channels; ++k) codes[k] = pixels >> (8 * k) & 255;
}
template <int Channels>
INLINE void unpack(const std::uint16_t* source, Ints* codes) {
    Ints first, last, pairs[2];
    if constexpr (Channels == 1) {
        std::uint16_t words __attribute__((vector_size(32)));
        std::memcpy(&words, source, sizeof words);
        codes[0] = __builtin_convertvector(words, Ints);
        return;
    }
    std::memcpy(&first, source, sizeof first);
    std::memcpy(&last, source + (Channels - 2) * 16, sizeof last);
    if constexpr (Channels == 3) {  // the two registers share the words in the middle
        // clang-format off
        pairs[0] = Ints(__builtin_shuffle(Words(first), Words(last),
            Words{0, 1, 3, 4, 6, 7, 9, 10, 12, 13, 15, 16, 18, 19, 21, 22, 24, 25, 27, 28, 30, 31, 49, 50, 52, 53, 55, 56, 58, 59, 61, 62}));
        pairs[1] = Ints(__builtin_shuffle(Words(first), Words(last),
            Words{2, 2, 5, 5, 8, 8, 11, 11, 14, 14, 17, 17, 20, 20, 23, 23, 26, 26, 29, 29, 48, 48, 51, 51, 54, 54, 57, 57, 60, 60, 63, 63}));
        // clang-format on
    } else {
        pairs[0] = __builtin_shuffle(first, last, counting() * 2);
        pairs[1] = __builtin_shuffle(first, last, counting() * 2 + 1);
    }
    for (int k = 0; k < Channels; ++k) codes[k] = pairs[k / 2] >> (16 * (k % 2)) & 65535;
}
// The channel of each lane of three registers that hold packed pixels of three, from the first register on.
INLINE Ints thirds(int past) {
    static constexpr std::int32_t numbers[20] = {0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1};
    Ints a;
    std::memcpy(&a, numbers + past, sizeof a);
    return a;
}
template <int Channels>
INLINE void unpack(const float* source, Floats* values) {
    Floats memory[Channels];
    std::memcpy(memory, source, sizeof memory);
    if constexpr (Channels == 1) {
        values[0] = memory[0];
    } else if constexpr (Channels == 3) {
        // No two values of a channel are in the same lane, as 16 is no multiple of 3: one register takes them all.
        for (int k = 0; k < 3; ++k) {
            const Floats two = select(thirds(0) == all(k), memory[0], memory[1]);
            values[k] = __builtin_shuffle(select(thirds(2) == all(k), memory[2], two), (counting() * 3 + k) & 15);
        }
    } else {
        const Ints lane = counting(), four = ((lane & 7) << 2) + (lane >> 3), half = (lane & 7) + ((lane & 8) << 1);
        for (int k = 0; k < 4; k += 2) {
            const Floats first = __builtin_shuffle(memory[0], memory[1], four + k);
            const Floats second = __builtin_shuffle(memory[2], memory[3], four + k);
            values[k] = __builtin_shuffle(first, second, half);
            values[k + 1] = __builtin_shuffle(first, second, half + 8);
        }
    }
}

template <int Channels>
INLINE void pack(const Ints* codes, std::uint8_t* target) {
    Ints packed = codes[0];
    for (int k = 1; k < Channels; ++k) packed = packed | codes[k] << (8 * k);
    if constexpr (Channels == 1) {
        std::uint8_t bytes __attribute__((vector_size(16))) = __builtin_convertvector(packed, decltype(bytes));
        std::memcpy(target, &bytes, sizeof bytes);
    } else {
        if (Channels == 3) packed = gathered(packed);
        std::memcpy(target, &packed, lanes * Channels);
    }
}
template <int Channels>
INLINE void pack(const Ints* codes, std::uint16_t* target) {
    if constexpr (Channels == 1) {
        std::uint16_t words __attribute__((vector_size(32))) = __builtin_convertvector(codes[0], decltype(words));
        std::memcpy(target, &words, sizeof words);
    } else {
        const Ints first = codes[0] | codes[1] << 16, second = Channels == 3 ? codes[2] : codes[2] | codes[3] << 16;
        Ints begin, end;
        if constexpr (Channels == 3) {
            // clang-format off
            begin = Ints(__builtin_shuffle(Words(first), Words(second),
                Words{0, 1, 32, 2, 3, 34, 4, 5, 36, 6, 7, 38, 8, 9, 40, 10, 11, 42, 12, 13, 44, 14, 15, 46, 16, 17, 48, 18, 19, 50, 20, 21}));
            end = Ints(__builtin_shuffle(Words(first), Words(second),
                Words{52, 22, 23, 54, 24, 25, 56, 26, 27, 58, 28, 29, 60, 30, 31, 62, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
            // clang-format on
        } else {
            const Ints lane = counting(), pairs = (lane >> 1) + ((lane & 1) << 4);
            begin = __builtin_shuffle(first, second, pairs);
            end = __builtin_shuffle(first, second, pairs + 8);
        }
        std::memcpy(target, &begin, sizeof begin);
        std::memcpy(target + 32, &end, (Channels - 2) * sizeof end / 2);
    }
}
template <int Channels>
INLINE void pack(const Floats* values, float* target) {
    Floats memory[Channels];
    if constexpr (Channels == 1) {
        memory[0] = values[0];
    } else if constexpr (Channels == 3) {
        Floats moved[3];
        // clang-format off
        moved[0] = __builtin_shuffle(values[0], Ints{0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15, 10, 5});
        moved[1] = __builtin_shuffle(values[1], Ints{5, 0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15, 10});
        moved[2] = __builtin_shuffle(values[2], Ints{10, 5, 0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15});
        // clang-format on
        for (int i = 0; i < 3; ++i) {
            const Ints channel = thirds(i);
            memory[i] = select(channel == all(0), moved[0], select(channel == all(1), moved[1], moved[2]));
        }
    } else {
        const Ints lane = counting(), one = (lane >> 1) + ((lane & 1) << 4);
        const Ints two = ((lane >> 2) << 1) + (lane & 1) + ((lane & 2) << 3);
        for (int i = 0; i < 2; ++i) {
            const Floats first = __builtin_shuffle(values[0], values[1], one + 8 * i);
            const Floats second = __builtin_shuffle(values[2], values[3], one + 8 * i);
            memory[2 * i] = __builtin_shuffle(first, second, two);
            memory[2 * i + 1] = __builtin_shuffle(first, second, two + 8);
        }
    }
    std::memcpy(target, memory, sizeof memory);
}

// ---- rows ----

template <typename Code>
using Registers = std::conditional_t<std::is_same_v<Code, float>, Floats, Ints>;

// The curves of a picture, one way: copies, as all that is written could else change them, and no loop would keep them.
template <int Channels, typename Code>
struct Curves {
    static constexpr int terms = sizeof(Code) == 1 ? 4 : 5;
    Floats pieces[Channels][2 * terms];
    float origin[Channels], below[Channels], above[Channels];
    bool linear[Channels];

    // True if every curve is given by polynomials.
    static bool known(const Job& job, const float* Channel::*pieces) {
        for (int k = 0; k < Channels; ++k)
            if (!(job.channel[k].*pieces || (sizeof(Code) > 1 && job.channel[k].linear))) return false;
        return true;
    }

    INLINE Curves(const Job& job, const float* Channel::*given, float Channel::*dark, float Channel::*bright) {
        for (int k = 0; k < Channels; ++k) {
            const Channel& channel = job.channel[k];
            below[k] = channel.*dark, above[k] = channel.*bright;
            linear[k] = sizeof(Code) > 1 && channel.linear;
            if (linear[k]) continue;
            std::memcpy(pieces[k], channel.*given, sizeof pieces[k]);
            origin[k] = (channel.*given)[2 * terms * lanes];
        }
    }

    // Floating point goes straight on beyond 0..1.
    INLINE Floats extended(int k, Floats x) const {
        const Floats inside = clamp(x, all(0.0f), all(1.0f));
        return quartic(pieces[k], inside + origin[k]) + (x - inside) * select(x > all(0.0f), all(above[k]), all(below[k]));
    }
};

// A row of packed pixels to light. The last block is whole as well: what is beyond `count` lies within the margin of the
// window, or is filled by the outer pixels afterwards.
template <int Channels, typename Code>
INLINE void decode_blocks(const Job& job, const Code* source, int count, float* light, std::ptrdiff_t plane) {
    const Curves<Channels, Code> curves(job, &Channel::decode_pieces, &Channel::decode_below, &Channel::decode_above);
    for (int x = 0; x < count; x += lanes, source += lanes * Channels, light += lanes) {
        Registers<Code> codes[Channels];
        if ((count - x) * Channels >= reach<Channels, Code>) {
            unpack<Channels>(source, codes);
        } else {
            Code last[reach<Channels, Code>] = {};
            std::memcpy(last, source, (count - x) * Channels * sizeof(Code));
            unpack<Channels>(last, codes);
        }
        for (int k = 0; k < Channels; ++k) {
            if constexpr (sizeof(Code) == 1) {
                store(light + k * plane, polynomial<4>(curves.pieces[k], codes[k] >> 3, to_floats(codes[k])));
            } else if constexpr (sizeof(Code) == 2) {
                // Not one product for both, which would be fused or not by how many channels there are.
                const Floats code = to_floats(codes[k]);
                store(light + k * plane, curves.linear[k] ? code / 65535.0f
                                                          : quartic(curves.pieces[k], code * (1.0f / 65535) + curves.origin[k]));
            } else {
                store(light + k * plane, curves.linear[k] ? codes[k] : curves.extended(k, codes[k]));
            }
        }
    }
}

// Light of a row to packed pixels.
template <int Channels, typename Code>
INLINE void encode_blocks(const Job& job, const float* const* light, const float* const* gain, int count, Code* target) {
    const Curves<Channels, Code> curves(job, &Channel::encode_pieces, &Channel::encode_below, &Channel::encode_above);
    for (int x = 0; x < count; x += lanes, target += lanes * Channels) {
        Registers<Code> codes[Channels];
        for (int k = 0; k < Channels; ++k) {
            Floats value = load(light[k] + x);
            if (gain[k]) value = value * load(gain[k] + x);
            if constexpr (sizeof(Code) == 1) {
                const Floats from = all(curves.origin[k]);
                value = clamp(value + from, from, all(1.0f) - from);  // the last piece ends before 1
                codes[k] = to_ints(polynomial<4>(curves.pieces[k], bits_of(value) >> 22, value));
            } else if constexpr (sizeof(Code) == 2) {
                value = clamp(value, all(0.0f), all(1.0f));
                codes[k] = to_ints(curves.linear[k] ? value * 65535.0f + 0.5f
                                                    : quartic(curves.pieces[k], value + curves.origin[k]));
            } else {
                codes[k] = curves.linear[k] ? value : curves.extended(k, value);
            }
        }
        if (x + lanes <= count) {
            pack<Channels>(codes, target);
        } else {
            Code last[lanes * Channels];
            pack<Channels>(codes, last);
            std::memcpy(target, last, (count - x) * Channels * sizeof(Code));
        }
    }
}
