// The door to Python, by its stable ABI: one binary serves all versions from 3.11 on, the first with arrays in it.
#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <list>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "levels.hpp"

namespace sixbit {

// Python has an exception ready.
struct Raised {};

void demand(bool well, const char* otherwise) {
    if (!well) throw std::invalid_argument(otherwise);
}

// An array of Python's, which keeps its memory for as long as this is here.
class Array {
   public:
    Array(PyObject* object, int flags) {
        if (PyObject_GetBuffer(object, &view_, flags)) throw Raised{};
    }
    ~Array() { PyBuffer_Release(&view_); }
    Array(const Array&) = delete;
    Array& operator=(const Array&) = delete;

    int ndim() const { return view_.ndim; }
    Py_ssize_t itemsize() const { return view_.itemsize; }
    Py_ssize_t size() const { return view_.len / view_.itemsize; }
    Py_ssize_t shape(int axis) const { return view_.shape[axis]; }
    Py_ssize_t strides(int axis) const { return view_.strides[axis]; }
    bool is_of(const char* format) const { return view_.format && !std::strcmp(view_.format, format); }
    void* data() const { return view_.buf; }

   private:
    Py_buffer view_;
};

// Floats, row after row.
struct Table : Array {
    explicit Table(PyObject* object) : Array(object, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) {
        demand(is_of("f"), "a table that is not of single precision");
    }
    const float* values() const { return static_cast<const float*>(data()); }
};

// Of a channel: linear?, code values to light, light to code values, slopes beyond 0..1, polynomials both ways (or none).
struct Curve {
    Curve(bool is_linear, PyObject* to, PyObject* back, std::array<float, 4> beyond, PyObject* pieces, PyObject* pieces_back)
        : linear(is_linear), decode(to), encode(back, PyBUF_C_CONTIGUOUS), slopes(beyond), decode_pieces(pieces),
          encode_pieces(pieces_back) {}

    bool linear;
    Table decode;
    Array encode;
    std::array<float, 4> slopes;
    Table decode_pieces, encode_pieces;
};

template <typename Each>
void for_each(PyObject* sequence, Each each) {
    const Py_ssize_t size = PySequence_Size(sequence);
    if (size < 0) throw Raised{};
    for (Py_ssize_t i = 0; i < size; ++i) {
        PyObject* item = PySequence_GetItem(sequence, i);
        if (!item) throw Raised{};
        try {
            each(item);
        } catch (...) {
            Py_DECREF(item);
            throw;
        }
        Py_DECREF(item);
    }
}

std::vector<std::vector<double>> polynomials_of(PyObject* sequence) {
    std::vector<std::vector<double>> polynomials;
    for_each(sequence, [&](PyObject* coefficients) {
        polynomials.emplace_back();
        for_each(coefficients, [&](PyObject* coefficient) {
            polynomials.back().push_back(PyFloat_AsDouble(coefficient));
            if (PyErr_Occurred()) throw Raised{};
        });
    });
    return polynomials;
}

struct Plane {
    int index, brightens;
};

std::vector<Plane> planes_of(PyObject* sequence) {
    std::vector<Plane> planes;
    for_each(sequence, [&](PyObject* item) {
        Plane& plane = planes.emplace_back();
        if (!PyArg_ParseTuple(item, "ip", &plane.index, &plane.brightens)) throw Raised{};
    });
    return planes;
}

std::list<Curve> curves_of(PyObject* sequence) {
    std::list<Curve> curves;
    for_each(sequence, [&](PyObject* item) {
        int linear;
        PyObject *decode, *encode, *decode_pieces, *encode_pieces;
        std::array<float, 4> slopes;
        if (!PyArg_ParseTuple(item, "pOO(ffff)OO", &linear, &decode, &encode, &slopes[0], &slopes[1], &slopes[2],
                              &slopes[3], &decode_pieces, &encode_pieces))
            throw Raised{};
        curves.emplace_back(linear, decode, encode, slopes, decode_pieces, encode_pieces);
    });
    return curves;
}

Pixels pixels_of(const Array& array) {
    const auto size = array.itemsize();
    for (int axis = 0; axis < 3; ++axis)
        if (array.strides(axis) % size) throw std::invalid_argument("strides that are no whole number of values");
    return {array.data(), array.strides(0) / size, array.strides(1) / size, array.strides(2) / size};
}

// While this is here, Python goes on with other threads.
class OtherThreads {
   public:
    ~OtherThreads() { PyEval_RestoreThread(state_); }

   private:
    PyThreadState* state_ = PyEval_SaveThread();
};

// What is not checked later on: the kernel has room for so much, and reads what it was told is there.
void check_picture(const Array& source, const Array& target, int left, int top) {
    demand(source.ndim() == 3 && target.ndim() == 3, "a picture that has no three axes");
    const auto size = source.itemsize(), channels = source.shape(2);
    demand(size == 1 || size == 2 || size == 4, "values that have not 1, 2 or 4 bytes");
    demand(target.itemsize() == size, "an output of another type");
    demand(channels == 1 || channels == 3 || channels == 4, "a picture that has not 1, 3 or 4 channels");
    demand(target.shape(2) == channels, "an output of other channels");
    demand(std::max(source.shape(0), source.shape(1)) <= largest_side, "a picture that is too large");
    demand(std::min(target.shape(0), target.shape(1)) > 0, "an empty region");
    demand(left >= 0 && top >= 0 && left + target.shape(1) <= source.shape(1) && top + target.shape(0) <= source.shape(0),
           "a region beyond the picture");
}

void check_curve(const Curve& curve, Depth depth, float origin, int shift) {
    const bool byte = depth == Depth::u8;
    const auto whole = [byte](const Table& pieces) { return !pieces.size() || pieces.size() == 32 * (byte ? 4 : 5) + 1; };
    demand(curve.decode.size() == (byte ? 256 : 65536), "a curve to light of another length");
    demand(whole(curve.decode_pieces) && whole(curve.encode_pieces), "a curve that is not made of 32 polynomials");
    demand(origin > 0 && origin < 1 && shift >= 0 && shift < 32, "a curve from light that begins nowhere");
    const float ends[] = {origin, origin + 1};
    std::int32_t bits[2];
    std::memcpy(bits, ends, sizeof bits);
    demand(curve.encode.ndim() == 1 && curve.encode.itemsize() == (byte ? 1 : 4) &&
               curve.encode.size() >= ((bits[1] - bits[0]) >> shift) + 2,
           "a curve from light of another length");
}

void correct_pixels(PyObject* positional, PyObject* named) {
    static const char* names[] = {"source", "target", "left", "top", "centre", "centre_shift", "half_diagonal", "shift", "gain",
                                  "planes", "gain_map", "step", "even", "odd", "curves", "encode_origin", "encode_shift",
                                  "threads", "level", nullptr};
    PyObject *source_given, *target_given, *shift, *gain, *planes_given, *map_given, *even_given, *odd_given, *curves_given;
    Job job{};
    int threads;
    const char* level;
    if (!PyArg_ParseTupleAndKeywords(positional, named, "OOii(dd)(dd)dOOOOiOOOfiis", const_cast<char**>(names),
                                     &source_given, &target_given, &job.left, &job.top, &job.centre_x, &job.centre_y,
                                     &job.shift_x, &job.shift_y, &job.half_diagonal, &shift, &gain, &planes_given,
                                     &map_given, &job.step, &even_given, &odd_given, &curves_given, &job.encode_origin,
                                     &job.encode_shift, &threads, &level))
        throw Raised{};
    const Array source(source_given, PyBUF_STRIDES), target(target_given, PyBUF_STRIDES | PyBUF_WRITABLE);
    const Table gain_map(map_given), even(even_given), odd(odd_given);
    const std::vector<Plane> planes = planes_of(planes_given);
    const std::list<Curve> curves = curves_of(curves_given);
    job.shift = polynomials_of(shift), job.gain = polynomials_of(gain);

    check_picture(source, target, job.left, job.top);
    demand(job.half_diagonal > 0, "a half diagonal that is none");
    demand(job.shift.size() >= 1 && job.shift.size() <= max_sets && job.gain.size() <= max_sets, "more than three planes, or none");
    demand(gain_map.ndim() == 3 && (!gain_map.shape(0) || gain_map.size()), "a gain map that has no three axes");
    demand(job.step == 2 || job.step == 4 || job.step == 8 || job.step == 16, "pieces that have not 2, 4, 8 or 16 pixels");
    demand(even.ndim() == 2 && odd.ndim() == 2 && even.shape(0) >= 1 && even.shape(0) <= max_taps / 2 &&
               even.shape(1) <= max_terms && odd.shape(0) == even.shape(0) && odd.shape(1) == even.shape(1),
           "an interpolation of too many neighbours");
    demand(source.shape(2) == Py_ssize_t(planes.size()) && planes.size() == curves.size(), "channels without a curve");

    job.depth = source.itemsize() == 1 ? Depth::u8 : source.itemsize() == 2 ? Depth::u16 : Depth::f32;
    job.width = int(source.shape(1)), job.height = int(source.shape(0)), job.channels = int(source.shape(2));
    job.right = job.left + int(target.shape(1)), job.bottom = job.top + int(target.shape(0));
    job.source = pixels_of(source);
    job.target = pixels_of(target);
    job.target.data = static_cast<char*>(target.data()) - (job.top * job.target.row + job.left * job.target.pixel) * target.itemsize();
    job.map_rows = int(gain_map.shape(1)), job.map_columns = int(gain_map.shape(2));
    job.taps = 2 * int(even.shape(0));
    for (int p = 0; p < job.taps / 2; ++p)
        for (Py_ssize_t i = 0, terms = even.shape(1); i < terms; ++i)
            job.even[p][i] = even.values()[p * terms + i], job.odd[p][i] = odd.values()[p * terms + i];

    int k = 0;
    for (const Curve& curve : curves) {
        Channel& channel = job.channel[k];
        const auto [plane, brightens] = planes[k++];
        check_curve(curve, job.depth, job.encode_origin, job.encode_shift);
        channel.decode_pieces = curve.decode_pieces.size() ? curve.decode_pieces.values() : nullptr;
        channel.encode_pieces = curve.encode_pieces.size() ? curve.encode_pieces.values() : nullptr;
        channel.linear = curve.linear, channel.decode = curve.decode.values(), channel.encode = curve.encode.data();
        channel.decode_below = curve.slopes[0], channel.decode_above = curve.slopes[1];
        channel.encode_below = curve.slopes[2], channel.encode_above = curve.slopes[3];
        demand(plane >= 0, "a plane that is none");
        const auto index = [plane](std::size_t size) { return std::min(plane, int(size) - 1); };
        channel.set = index(job.shift.size());
        channel.gain = brightens ? index(job.gain.size()) : -1;
        if (brightens && gain_map.shape(0)) channel.map = gain_map.values() + index(gain_map.shape(0)) * gain_map.shape(1) * gain_map.shape(2);
    }
    const CorrectTile correct_tile = level_called(level);
    const OtherThreads may_run;
    correct(job, correct_tile, threads);
}

// What is thrown becomes an exception of Python's.
template <typename Work>
PyObject* answered(Work work) {
    try {
        return work();
    } catch (const Raised&) {
    } catch (const std::invalid_argument& error) {
        PyErr_SetString(PyExc_ValueError, error.what());
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
    } catch (const std::exception& error) {
        PyErr_SetString(PyExc_RuntimeError, error.what());
    }
    return nullptr;
}

PyObject* correct_called(PyObject*, PyObject* positional, PyObject* named) {
    return answered([&] {
        correct_pixels(positional, named);
        Py_INCREF(Py_None);
        return Py_None;
    });
}

PyObject* levels_called(PyObject*, PyObject*) {
    return answered([] {
        PyObject* names = PyList_New(0);
        for (const Level& level : levels()) {
            PyObject* name = PyUnicode_FromString(level.name);
            if (!names || !name || PyList_Append(names, name)) throw Raised{};
            Py_DECREF(name);
        }
        return names;
    });
}

}  // namespace sixbit

PyMODINIT_FUNC PyInit__kernel() {
    static PyMethodDef functions[] = {
        {"correct", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(sixbit::correct_called)),
         METH_VARARGS | METH_KEYWORDS, nullptr},
        {"levels", sixbit::levels_called, METH_NOARGS, nullptr},
        {nullptr, nullptr, 0, nullptr}};
    static PyModuleDef module = {
        PyModuleDef_HEAD_INIT, "_kernel", "The compiled half of sixbit.engines.native, which says what the arguments are.",
        0, functions, nullptr, nullptr, nullptr, nullptr};
    return PyModule_Create(&module);
}
