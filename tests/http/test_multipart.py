"""Forms are taken apart as they were made, however they are cut."""

from __future__ import annotations

import io
from email import message_from_bytes

import pytest
import requests
from hypothesis import assume, given
from hypothesis import strategies as st

from synapse_plugins.backends.server.multipart import FormParser, boundary_of
from synapse_plugins.errors import ParamsError

names = st.text('abcdefghijklmnopqrstuvwxyz_0123456789', min_size=1, max_size=8)
texts = st.text(st.characters(exclude_categories=['Cs']), max_size=40)
# Parts of boundaries in the content are what such parsers stumble over.
contents = st.lists(
    st.sampled_from([b'\r\n', b'--', b'\r', b'\n', b'x', b'\r\n--', bytes(range(256))]), max_size=30
).map(b''.join)


class Kept(io.BytesIO):
    def close(self) -> None:
        self.kept = self.getvalue()
        super().close()


def parse(body: bytes, kind: str, cut: int):
    files: dict[str, Kept] = {}

    def open_file(name: str) -> Kept:
        files[name] = Kept()
        return files[name]

    parser = FormParser(boundary_of(kind), open_file)
    for at in range(0, len(body), cut):
        parser.feed(body[at : at + cut])
    return parser, files


@given(
    fields=st.dictionaries(names.map('f_'.__add__), texts, max_size=4),
    content=contents,
    filename=texts.filter(lambda name: name.strip() and not set(name) & set('"\\\r\n\x00')),
    cut=st.integers(1, 300),
)
def test_a_form_comes_out_as_it_went_in(fields, content, filename, cut):
    prepared = requests.Request(
        'POST', 'http://x', data=fields, files={'file': (filename, content)}
    ).prepare()  # fmt: skip
    parser, files = parse(bytes(prepared.body), prepared.headers['Content-Type'], cut)
    assert parser.is_whole
    assert parser.fields == fields
    assert files['file'].kept == content


plain = st.text('abcdefghijklmnopqrstuvwxyzABC0123456789 .;=-_', max_size=12)
boundaries = st.text("abcXYZ019'()+_,-./:=?", min_size=1, max_size=70)


@st.composite
def parts_as_written(draw):
    """A part: its headers as some client writes them, and its content, that has the marks of no boundary."""
    name, filename = draw(names), draw(st.none() | plain)
    label, word = (
        draw(st.sampled_from(['Content-Disposition', 'content-disposition', 'CONTENT-DISPOSITION'])),
        'form-data',
    )
    space = draw(st.sampled_from(['', ' ', '  ']))
    given_name = draw(st.sampled_from([f'name="{name}"', f'name={name}', f'NAME="{name}"']))
    told = [
        f'{label}: {word};{space}{given_name}'
        + ('' if filename is None else f';{space}filename="{filename}"')
    ]
    for other in draw(st.lists(st.sampled_from(['Content-Type: text/plain', 'X-Odd: ; name="no"', 'Content-Length: 3']),
                               unique=True)):  # fmt: skip
        told.insert(draw(st.integers(0, len(told))), other)
    return '\r\n'.join(told).encode(), draw(contents)


@given(parts=st.lists(parts_as_written(), min_size=1, max_size=4), boundary=boundaries, quoted=st.booleans(),
       padding=st.sampled_from([b'', b' ', b'\t ']), behind=st.sampled_from([b'', b'\r\n', b'\r\nepilogue']),
       cut=st.integers(1, 300))  # fmt: skip
def test_forms_are_read_as_the_email_package_reads_them(parts, boundary, quoted, padding, behind, cut):
    mark = b'--' + boundary.encode()
    assume(quoted or not set(boundary) & set('(),/:=?'))
    assume(not any(b'\r\n' + mark in b'\r\n' + content + b'\r\n' for _, content in parts))
    body = b''.join(
        mark + padding + b'\r\n' + head + b'\r\n\r\n' + content + b'\r\n' for head, content in parts
    )
    kind = (
        f'multipart/form-data; boundary="{boundary}"'
        if quoted
        else f'multipart/form-data; boundary={boundary}'
    )
    parser, files = parse(body + mark + b'--' + behind, kind, cut)
    assert parser.is_whole
    oracle = message_from_bytes(f'Content-Type: {kind}\r\n\r\n'.encode() + body + mark + b'--' + behind)
    fields, uploads = {}, {}
    for part in oracle.get_payload():
        name = part.get_param('name', header='content-disposition')
        filename = part.get_param('filename', header='content-disposition')
        content = part.get_payload(decode=True)
        if filename is None:
            fields[name] = content.decode('utf-8', 'replace')
        else:
            uploads[name] = (filename, content)
    assert parser.fields == fields
    assert {name: (parser.files[name], file.kept) for name, file in files.items()} == uploads


@given(content=contents, cut=st.integers(1, 50))
def test_our_own_forms(content, cut, tmp_path_factory):
    from synapse_plugins.backends.synapse.bodies import FileSlice, FormBody

    path = tmp_path_factory.mktemp('form') / 'file'
    path.write_bytes(b'before' + content + b'after')
    form = FormBody({'이름': '값', 'config': {'a': [1]}}, FileSlice(path, 6, len(content)), '사진 "1".png')
    body = b''.join(form)
    assert len(body) == len(form)
    parser, files = parse(body, form.content_type, cut)
    assert parser.is_whole
    assert files['file'].kept == content
    assert parser.fields == {'이름': '값', 'config': '{"a": [1]}'}
    assert parser.files == {'file': '사진 %221%22.png'}


@pytest.mark.parametrize(
    'kind', ['', 'application/json', 'multipart/form-data', 'multipart/form-data; boundary=']
)
def test_what_is_no_form(kind):
    with pytest.raises(ParamsError):
        boundary_of(kind)


@pytest.mark.parametrize(
    'body',
    [
        b'nonsense that is long enough',
        b'--b\r\n' + b'a: b\r\n' * 10_000,
        b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n' + b'x' * 5_000_000,
        b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n\r\n' * 300,
    ],
)
def test_forms_that_are_too_much(body):
    with pytest.raises(ParamsError):
        parse(body, 'multipart/form-data; boundary=b', 65536)


def test_a_form_that_breaks_off_is_not_whole():
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nhalf'
    parser, files = parse(body, 'multipart/form-data; boundary=b', 7)
    assert not parser.is_whole
    parser.close()
    assert files['file'].closed
