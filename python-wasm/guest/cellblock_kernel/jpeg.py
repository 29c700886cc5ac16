"""A JPEG decoder for Pillow, whose build here has none: baseline and progressive, 8 bits, Huffman (ITU-T T.81).

It is Python and numpy, about a second for a third of a megapixel; writing JPEG files is not possible.
"""

from PIL import Image, ImageFile

# fmt: off
_ORDER = (
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
)  # position in the block of the k-th coefficient of the zigzag
# fmt: on
MAXIMUM_PIXELS = 1 << 26


class _Component:
    """One colour's share of the picture: its sampling, its tables and its coefficients."""

    def __init__(self, identity, horizontal, vertical, table):
        self.identity, self.horizontal, self.vertical, self.table = identity, horizontal, vertical, table

    def layout(self, picture):
        """Fixes how many blocks there are: for scans of all components, and for a scan of this one alone."""
        self.width = picture.columns * self.horizontal
        self.height = picture.lines * self.vertical
        scale = 8 * picture.horizontal, 8 * picture.vertical
        self.own_width = -(-picture.width * self.horizontal // scale[0])
        self.own_height = -(-picture.height * self.vertical // scale[1])
        self.coefficients = [0] * (self.width * self.height * 64)


class _Bits:
    """The bits of one scan's part between two restart marks."""

    def __init__(self, data):
        self.data, self.position, self.value, self.count = data + b"\0" * 16, 0, 0, 0
        self.limit = len(data) + 16

    def need(self):
        """Makes at least 32 bits available."""
        if self.position >= self.limit:
            raise OSError("the JPEG file is cut short")
        self.value = (self.value & ((1 << self.count) - 1)) << 32 | int.from_bytes(
            self.data[self.position : self.position + 4].ljust(4, b"\0"), "big"
        )
        self.position += 4
        self.count += 32

    def take(self, number):
        if self.count < 32:
            self.need()
        self.count -= number
        return (self.value >> self.count) & ((1 << number) - 1)

    def symbol(self, table):
        if self.count < 32:
            self.need()
        found = table[(self.value >> (self.count - 16)) & 0xFFFF]
        self.count -= found >> 8
        return found & 0xFF

    def signed(self, size):
        """A coefficient of `size` bits, as T.81 F.2.2.1 extends it."""
        if not size:
            return 0
        value = self.take(size)
        return value if value >> (size - 1) else value - (1 << size) + 1


def _huffman(lengths, symbols):
    """A table from the next 16 bits to (code length << 8 | symbol)."""
    table, position = [], 0
    for length, number in enumerate(lengths, 1):
        for symbol in symbols[position : position + number]:
            table += [length << 8 | symbol] * (1 << (16 - length))
        position += number
    if len(table) > 65536:
        raise OSError("the JPEG file has a faulty Huffman table")
    return table + [16 << 8] * (65536 - len(table))


class _Picture:
    """A JPEG file on its way to pixels."""

    def __init__(self, data):
        self.data, self.quantisation, self.tables = data, {}, {}
        self.restart, self.components, self.adobe = 0, None, None
        self._read()

    def _read(self):
        data, position = self.data, 2
        while position + 4 <= len(data):
            if data[position] != 0xFF:
                position += 1
                continue
            marker = data[position + 1]
            if marker in (0xFF, 0x00, 0x01) or 0xD0 <= marker <= 0xD8:
                position += 1 if marker == 0xFF else 2
                continue
            if marker == 0xD9:
                break
            length = int.from_bytes(data[position + 2 : position + 4], "big")
            body = data[position + 4 : position + 2 + length]
            position += 2 + length
            if marker == 0xDB:
                self._quantisation(body)
            elif marker == 0xC4:
                self._tables(body)
            elif marker in (0xC0, 0xC1, 0xC2):
                self._frame(body, marker == 0xC2)
            elif 0xC3 <= marker <= 0xCF and marker != 0xCC:
                raise OSError("this kind of JPEG (lossless, arithmetic or hierarchical) cannot be read in this sandbox")
            elif marker == 0xDD:
                self.restart = int.from_bytes(body[:2], "big")
            elif marker == 0xEE and body[:5] == b"Adobe":
                self.adobe = body[11]
            elif marker == 0xDA:
                position = self._scan(body, position)
        if self.components is None:
            raise OSError("the JPEG file holds no picture")

    def _quantisation(self, body):
        position = 0
        while position < len(body):
            wide, number = body[position] >> 4, body[position] & 15
            size = 2 if wide else 1
            values = [
                int.from_bytes(body[position + 1 + i * size : position + 1 + (i + 1) * size], "big") for i in range(64)
            ]
            table = [0] * 64
            for k, value in enumerate(values):
                table[_ORDER[k]] = value
            self.quantisation[number] = table
            position += 1 + 64 * size

    def _tables(self, body):
        position = 0
        while position + 17 <= len(body):
            lengths = body[position + 1 : position + 17]
            number = sum(lengths)
            self.tables[body[position]] = _huffman(lengths, body[position + 17 : position + 17 + number])
            position += 17 + number

    def _frame(self, body, progressive):
        if body[0] != 8:
            raise OSError("only JPEG files with 8 bits can be read in this sandbox")
        self.progressive = progressive
        self.height, self.width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
        if not self.width or not self.height or self.width * self.height > MAXIMUM_PIXELS:
            raise OSError("the JPEG file's size cannot be read in this sandbox")
        parts = [body[6 + 3 * i : 9 + 3 * i] for i in range(body[5])]
        self.components = [_Component(p[0], p[1] >> 4, p[1] & 15, p[2]) for p in parts]
        if any(not 1 <= n <= 4 for c in self.components for n in (c.horizontal, c.vertical)):
            raise OSError("the JPEG file has a faulty frame")
        self.horizontal = max(c.horizontal for c in self.components)
        self.vertical = max(c.vertical for c in self.components)
        self.columns = -(-self.width // (8 * self.horizontal))
        self.lines = -(-self.height // (8 * self.vertical))
        for component in self.components:
            component.layout(self)

    def _scan(self, body, position):
        """Reads one scan's entropy-coded data; returns where the next marker stands."""
        chosen = {c.identity: c for c in self.components or ()}
        parts = []
        for i in range(body[0]):
            identity, tables = body[1 + 2 * i], body[2 + 2 * i]
            if identity not in chosen:
                raise OSError("the JPEG file has a faulty scan")
            parts.append((chosen[identity], self.tables.get(tables >> 4), self.tables.get(0x10 | tables & 15)))
        first, last, approximation = body[1 + 2 * body[0] : 4 + 2 * body[0]]
        end, data, starts = position, self.data, [position]
        while True:
            end = data.find(b"\xff", end)
            if end < 0 or end + 1 >= len(data):
                end = len(data)
                break
            if data[end + 1] == 0 or data[end + 1] == 0xFF:
                end += 2 if data[end + 1] == 0 else 1
            elif 0xD0 <= data[end + 1] <= 0xD7:
                starts.append(end + 2)
                end += 2
            else:
                break
        ends = [start - 2 for start in starts[1:]] + [end]
        segments = [data[a:b].replace(b"\xff\x00", b"\xff") for a, b in zip(starts, ends)]
        _Scan(self, parts, first, last, approximation >> 4, approximation & 15).run(segments)
        return end


class _Scan:
    """One pass over the coefficients."""

    def __init__(self, picture, parts, first, last, high, low):
        self.picture, self.parts, self.first, self.last, self.high, self.low = picture, parts, first, last, high, low
        self.run_length = 0

    def run(self, segments):
        decode = self._baseline if not self.picture.progressive else self._step()
        blocks = self._units()
        per_segment = self.picture.restart or len(blocks)
        for number, segment in enumerate(segments):
            bits, self.run_length = _Bits(segment), 0
            previous = [0] * len(self.parts)
            for unit in blocks[number * per_segment : (number + 1) * per_segment]:
                for index, start in unit:
                    component, dc, ac = self.parts[index]
                    decode(bits, component.coefficients, start, index, previous, dc, ac)

    def _units(self):
        """The blocks of every unit between which a restart may stand: [(index of the component, first coefficient)]."""
        if len(self.parts) == 1:
            component = self.parts[0][0]
            return [
                [(0, (y * component.width + x) * 64)]
                for y in range(component.own_height)
                for x in range(component.own_width)
            ]
        units = []
        for line in range(self.picture.lines):
            for column in range(self.picture.columns):
                units.append(
                    [
                        (index, ((line * c.vertical + y) * c.width + column * c.horizontal + x) * 64)
                        for index, (c, _, _) in enumerate(self.parts)
                        for y in range(c.vertical)
                        for x in range(c.horizontal)
                    ]
                )
        return units

    def _step(self):
        if self.first == 0:
            return self._dc_refine if self.high else self._dc_first
        return self._ac_refine if self.high else self._ac_first

    def _baseline(self, bits, out, start, index, previous, dc, ac):
        previous[index] += bits.signed(bits.symbol(dc))
        out[start] = previous[index]
        k, order = 1, _ORDER
        # The heart of the decoder: `symbol` and `signed` written out.
        value, count = bits.value, bits.count
        while k < 64:
            if count < 32:
                bits.value, bits.count = value, count
                bits.need()
                value, count = bits.value, bits.count
            found = ac[(value >> (count - 16)) & 0xFFFF]
            count -= found >> 8
            size = found & 15
            k += (found & 0xFF) >> 4
            if size:
                count -= size
                number = (value >> count) & ((1 << size) - 1)
                if k > 63:
                    break
                out[start + order[k]] = number if number >> (size - 1) else number - (1 << size) + 1
                k += 1
            elif found & 0xF0 == 0xF0:
                k += 1
            else:
                break
        bits.value, bits.count = value, count

    def _dc_first(self, bits, out, start, index, previous, dc, ac):
        previous[index] += bits.signed(bits.symbol(dc))
        out[start] = previous[index] << self.low

    def _dc_refine(self, bits, out, start, index, previous, dc, ac):
        if bits.take(1):
            out[start] |= 1 << self.low

    def _ac_first(self, bits, out, start, index, previous, dc, ac):
        if self.run_length:
            self.run_length -= 1
            return
        k = self.first
        while k <= self.last:
            found = bits.symbol(ac)
            run, size = found >> 4, found & 15
            if size:
                k += run
                if k > 63:
                    break
                out[start + _ORDER[k]] = bits.signed(size) << self.low
                k += 1
            elif run == 15:
                k += 16
            else:
                self.run_length = (1 << run) + (bits.take(run) if run else 0) - 1
                break

    def _ac_refine(self, bits, out, start, index, previous, dc, ac):
        k, one = self.first, 1 << self.low
        if not self.run_length:
            while k <= self.last:
                found = bits.symbol(ac)
                run, size = found >> 4, found & 15
                value = 0
                if size:
                    value = one if bits.take(1) else -one
                elif run < 15:
                    self.run_length = (1 << run) + (bits.take(run) if run else 0)
                    break
                while k <= self.last:
                    place = start + _ORDER[k]
                    if out[place]:
                        self._refine(bits, out, place, one)
                    elif run == 0:
                        if value:
                            out[place] = value
                        k += 1
                        break
                    else:
                        run -= 1
                    k += 1
        if self.run_length:
            while k <= self.last:
                place = start + _ORDER[k]
                if out[place]:
                    self._refine(bits, out, place, one)
                k += 1
            self.run_length -= 1

    @staticmethod
    def _refine(bits, out, place, one):
        if bits.take(1):
            value = out[place]
            if not abs(value) & one:
                out[place] = value + one if value > 0 else value - one


def _cosines():
    import numpy

    k, n = numpy.arange(8)[:, None], numpy.arange(8)[None, :]
    basis = numpy.cos((2 * n + 1) * k * numpy.pi / 16) / 2
    basis[0] /= numpy.sqrt(2)
    return basis.astype(numpy.float32)


def _plane(picture, component, basis):
    """The component's samples, in the size of the picture."""
    import numpy

    table = picture.quantisation.get(component.table)
    if table is None:
        raise OSError("the JPEG file lacks a quantisation table")
    blocks = numpy.array(component.coefficients, numpy.float32).reshape(-1, 64) * numpy.array(table, numpy.float32)
    samples = numpy.matmul(numpy.matmul(basis.T, blocks.reshape(-1, 8, 8)), basis)
    shaped = (
        samples.reshape(component.height, component.width, 8, 8)
        .swapaxes(1, 2)
        .reshape(component.height * 8, component.width * 8)
    )
    wide, high = picture.horizontal // component.horizontal, picture.vertical // component.vertical
    if wide > 1 or high > 1:
        shaped = shaped.repeat(high, axis=0).repeat(wide, axis=1)
    return shaped[: picture.height, : picture.width] + 128


def pixels(data):
    """Returns the picture as an array of bytes, (height, width) or (height, width, 3 or 4)."""
    import numpy

    picture = _Picture(data)
    basis = _cosines()
    planes = [_plane(picture, component, basis) for component in picture.components]
    if len(planes) == 1:
        return numpy.clip(numpy.rint(planes[0]), 0, 255).astype(numpy.uint8)
    transform = picture.adobe if picture.adobe is not None else (1 if len(planes) == 3 else 0)
    if len(planes) >= 3 and transform:
        y, b, r = planes[0], planes[1] - 128, planes[2] - 128
        planes[:3] = [y + 1.402 * r, y - 0.344136 * b - 0.714136 * r, y + 1.772 * b]
    stacked = numpy.stack(planes, axis=-1)
    # An Adobe CMYK file holds inverted inks, and Pillow's raw mode CMYK;I turns them round itself.
    return numpy.clip(numpy.rint(stacked), 0, 255).astype(numpy.uint8)


class Decoder(ImageFile.PyDecoder):
    """Pillow's door to the above."""

    _pulls_fd = True

    def decode(self, buffer):
        self.fd.seek(0)
        try:
            array = pixels(self.fd.read())
        except (IndexError, KeyError, TypeError, ValueError) as error:
            raise OSError(f"the JPEG file is damaged: {error}") from None
        self.set_as_raw(array.tobytes(), self.args[0] if self.args and self.args[0] else self.mode)
        return -1, 0


def install():
    """Registers the decoder unless Pillow has its own."""
    if not hasattr(Image.core, "jpeg_decoder"):
        Image.register_decoder("jpeg", Decoder)
