// Step 5: light times gain to code values, in the layout of the target.
//
// The rule: exactly the pixels of the tile are written, no byte beside them, as other threads write there.

// Light of a row to what is written: entries of the table for 8 bits, codes for 16, code values for floating point.
template <typename Code>
void encode_row(const Job& job, const Channel channel, const float* light, const float* gain, int count,
                std::int32_t* codes, float* values) {
    // Copies, as all that is written here could else change them, and no loop would vectorise.
    const float origin = job.encode_origin;
    const std::int32_t black = bits_of(origin), shift = job.encode_shift, remainder = (1 << shift) - 1;
    const float scale = 1.0f / float(1 << shift), above = channel.encode_above, below = channel.encode_below;
    float lit[tile_width], fraction[tile_width], beyond[tile_width];
    if (gain) {
        for (int x = 0; x < count; ++x) lit[x] = light[x] * gain[x];
        light = lit;
    }
    for (int x = 0; x < count; ++x) {
        const float value = light[x];
        float inside = value > 0 ? value : 0;
        inside = inside < 1 ? inside : 1;
        const std::int32_t position = bits_of(inside + origin) - black;
        codes[x] = position >> shift;
        if constexpr (sizeof(Code) > 1) {
            fraction[x] = float(position & remainder) * scale;
            values[x] = inside;
            beyond[x] = (value - inside) * (value > 0 ? above : below);
        }
    }
    if constexpr (sizeof(Code) == 1) return;
    if (!channel.linear) look_up(static_cast<const float*>(channel.encode), codes, fraction, count, values);
    if constexpr (std::is_same_v<Code, float>)
        for (int x = 0; x < count; ++x) values[x] += beyond[x];
    else
        for (int x = 0; x < count; ++x) codes[x] = std::int32_t(values[x] * 65535.0f + 0.5f);
}

template <int Channels, typename Code>
INLINE void interleave(const Job& job, const std::int32_t (*codes)[tile_width], const float (*values)[tile_width], int count,
                       Code* target, std::ptrdiff_t pixel, std::ptrdiff_t channel) {
    const Code* table[Channels];
    for (int k = 0; k < Channels; ++k) table[k] = static_cast<const Code*>(job.channel[k].encode);
    UNROLL
    for (int x = 0; x < count; ++x)
        for (int k = 0; k < Channels; ++k) {
            Code& code = target[x * pixel + k * channel];
            if constexpr (std::is_same_v<Code, float>) code = values[k][x];
            else if constexpr (sizeof(Code) == 1) code = table[k][codes[k][x]];
            else code = Code(codes[k][x]);
        }
}

// The nth of the rows that were sampled together.
template <int Channels, typename Code>
void write_row(const Job& job, const Nodes& nodes, int origin_y, const Rows& rows, int n) {
    const int y = rows.y + n, count = rows.last - rows.first;
    const Gains<Channels> gains(job, nodes, origin_y, rows, n);
    const float* light[Channels];
    for (int k = 0; k < Channels; ++k) light[k] = rows.light[n][k] + rows.first;
    const std::ptrdiff_t pixel = job.target.pixel, channel = job.target.channel;
    Code* target = static_cast<Code*>(job.target.data) + y * job.target.row + (rows.x + rows.first) * pixel;
#if defined(SIXBIT_SHUFFLES)
    if (Curves<Channels, Code>::known(job, &Channel::encode_pieces)) {
        const bool packed = pixel == Channels && channel == 1;
        Code codes[tile_width * Channels];
        encode_blocks<Channels>(job, light, gains.of_channel, count, packed ? target : codes);
        for (int x = 0; x < count && !packed; ++x)
            for (int k = 0; k < Channels; ++k) target[x * pixel + k * channel] = codes[x * Channels + k];
        return;
    }
#endif
    std::int32_t codes[Channels][tile_width];
    float values[Channels][tile_width];
    for (int k = 0; k < Channels; ++k)
        encode_row<Code>(job, job.channel[k], light[k], gains.of_channel[k], count, codes[k], values[k]);
    if (pixel == Channels && channel == 1)
        interleave<Channels>(job, codes, values, count, target, Channels, 1);
    else
        interleave<Channels>(job, codes, values, count, target, pixel, channel);
}
