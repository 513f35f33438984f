/// A client of the MEI device in Python, written from the documents of the kernel, of Intel LMS and of rpc-go.
///
/// It shares no line with the simulator, with the agent, or with a library of either.
///
/// The host interface is read as the sample in Linux' tree reads it, with every check of the header; port forwarding is
/// spoken as rpc-go speaks it, one channel a request, or with other habits where a test asks for them.
enum MEIClient {
    static let script = #"""
        import base64, errno, fcntl, hashlib, json, os, re, select, socket, ssl, struct, sys, threading
        CONNECT = 0xC0104801
        AMTHI = bytes.fromhex("2800f812b7b42d4baca846e0ff65814c")
        LME = bytes.fromhex("dba4336776047b4eb3afbcfc29bee7a7")
        WATCHDOG = bytes.fromhex("6f9ab70528467f4d899da91514cb32ab")
        MKHI = bytes.fromhex("15676a8ebc9a434088ef9e39c6f63e0f")
        UPID = bytes.fromhex("796c1392ea5ffd4c980e23be07fa5e9f")

        class Client:
            """One client of the MEI device, opened as the sample in Linux' tree does; or of the socket."""
            def __init__(self, path, guid):
                if path.startswith("unix:"):
                    self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                    self.socket.connect(path[5:])
                    self.socket.send(guid)
                    answer = self.socket.recv(100)
                    number = struct.unpack_from("<I", answer)[0]
                    if number:
                        raise OSError(number, "connect")
                    self.fd, buffer = self.socket.fileno(), answer[4:]
                else:
                    self.socket, self.fd = None, os.open(path, os.O_RDWR | os.O_CLOEXEC)
                    buffer = bytearray(guid)
                    try:
                        fcntl.ioctl(self.fd, CONNECT, buffer)
                    except OSError:
                        os.close(self.fd)
                        raise
                self.longest, self.version = struct.unpack_from("<IB", buffer)
            def send(self, message):
                count = self.socket.send(message) if self.socket else os.write(self.fd, message)
                assert count == len(message)
            def receive(self, seconds=60):
                if not select.select([self.fd], [], [], seconds)[0]:
                    raise TimeoutError("nothing came in %s s" % seconds)
                return self.socket.recv(self.longest) if self.socket else os.read(self.fd, self.longest)
            def ask(self, message, seconds=60):
                self.send(message)
                return self.receive(seconds)
            def close(self):
                self.socket.close() if self.socket else os.close(self.fd)

        def once(path, guid, message):
            client = Client(path, guid)
            try:
                return client.ask(message)
            finally:
                client.close()

        def amthi(path, command, data=b"", client=None):
            """A command as the sample checks it: header, length and status. Gives status and data."""
            request = struct.pack("<BBHII", 1, 1, 0, command, len(data)) + data
            answer = client.ask(request) if client else once(path, AMTHI, request)
            major, minor, reserved, code, length, status = struct.unpack_from("<BBHIII", answer)
            assert (major, minor, reserved) == (1, 1, 0), answer.hex()
            assert code == command | 0x800000, answer.hex()
            assert length == len(answer) - 12, answer.hex()
            assert status == 0 or length == 4, answer.hex()
            return status, answer[16:]

        def word(value):
            return struct.pack(">I", value)
        def text(value):
            return word(len(value)) + value.encode()

        class Forwarding:
            """The host's side of APF."""
            def __init__(self, path, greeting=254):
                self.mei = Client(path, LME)
                self.ports, self.name, self.channels, self.next, self.seen = [], None, {}, 2, []
                if greeting is not None:
                    self.mei.send(self.protocol(greeting))
            def protocol(self, trigger):
                return b"\xc0" + word(1) + word(0) + word(trigger) + bytes(80)
            def step(self, seconds=60):
                message = self.mei.receive(seconds)
                kind = message[0]
                self.seen.append(kind)
                if kind == 192:
                    self.mei.send(message)
                elif kind == 5:
                    self.mei.send(b"\x06" + message[1:])
                elif kind == 50:
                    self.mei.send(b"\x34")
                elif kind == 80:
                    size = struct.unpack_from(">I", message, 1)[0]
                    name = message[5:5 + size].decode()
                    rest = message[6 + size:]
                    length = struct.unpack_from(">I", rest)[0]
                    address, port = rest[4:4 + length].decode(), struct.unpack_from(">I", rest, 4 + length)[0]
                    if name == "tcpip-forward":
                        self.ports.append(port)
                        self.name = address
                        self.mei.send(b"\x51" + word(port))
                    else:
                        self.ports.remove(port)
                        self.mei.send(b"\x51")
                elif kind in (91, 92):
                    self.channels[struct.unpack_from(">I", message, 1)[0]].update(
                        {"peer": struct.unpack_from(">I", message, 5)[0]} if kind == 91 else {"failed": message[8]})
                elif kind == 94:
                    number, size = struct.unpack_from(">II", message, 1)
                    channel = self.channels[number]
                    assert len(message) == 9 + size and size <= channel["room"], (size, channel["room"])
                    channel["data"] += message[9:]
                    channel["room"] -= size
                    if channel["adjusts"]:
                        channel["room"] += size
                        self.mei.send(b"\x5d" + word(channel["peer"]) + word(size))
                elif kind == 93:
                    number, size = struct.unpack_from(">II", message, 1)
                    self.channels[number]["credit"] += size
                elif kind == 97:
                    channel = self.channels.get(struct.unpack_from(">I", message, 1)[0])
                    if channel and "peer" in channel and not channel.get("closed"):
                        channel["closed"] = True
                        if not channel.get("closing"):
                            self.mei.send(b"\x61" + word(channel["peer"]))
                return kind
            def ready(self, ports):
                while not set(ports) <= set(self.ports):
                    self.step()
            def open(self, port, window=4096, adjusts=True):
                number = self.next
                self.next += 1
                self.channels[number] = {"data": b"", "room": window, "credit": 0, "adjusts": adjusts}
                self.mei.send(b"\x5a" + text("forwarded-tcpip") + word(number) + word(window) + word(0xFFFFFFFF)
                    + text("::1") + word(port) + text("::1") + word(123))
                while not self.channels[number].keys() & {"peer", "failed"}:
                    self.step()
                return number
            def write(self, number, data):
                while data:
                    part = data[:self.mei.longest - 9]
                    self.mei.send(b"\x5e" + word(self.channels[number]["peer"]) + word(len(part)) + part)
                    data = data[len(part):]
            def until_closed(self, number):
                while not self.channels[number].get("closed"):
                    self.step()
                return self.channels[number]["data"]
            def close(self, number):
                self.channels[number]["closing"] = True
                self.mei.send(b"\x61" + word(self.channels[number]["peer"]))
                while not self.channels[number].get("closed"):
                    self.step()

        class Stream:
            """A channel as a file that TLS can be laid over."""
            def __init__(self, forwarding, port, context=None):
                self.forwarding, self.number, self.context = forwarding, forwarding.open(port), context
                if context:
                    self.coming, self.going = ssl.MemoryBIO(), ssl.MemoryBIO()
                    self.tls = context.wrap_bio(self.coming, self.going, server_hostname=None)
                    self.pump(self.tls.do_handshake)
            def pump(self, action):
                taken = 0
                while True:
                    wants = False
                    try:
                        done = action()
                    except ssl.SSLWantReadError:
                        wants = True
                    out = self.going.read()
                    if out:
                        self.forwarding.write(self.number, out)
                    if not wants:
                        return done
                    channel = self.forwarding.channels[self.number]
                    while not channel["data"]:
                        if channel.get("closed"):
                            self.coming.write_eof()
                            break
                        self.forwarding.step()
                    self.coming.write(channel["data"])
                    channel["data"] = b""
            def exchange(self, request):
                if not self.context:
                    self.forwarding.write(self.number, request)
                    return self.forwarding.until_closed(self.number)
                self.pump(lambda: self.tls.write(request))
                answer = b""
                while True:
                    try:
                        part = self.pump(lambda: self.tls.read(65536))
                    except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                        break
                    if not part:
                        break
                    answer += part
                out = self.going.read()
                try:
                    self.tls.unwrap()
                except ssl.SSLError:
                    pass
                self.forwarding.write(self.number, self.going.read())
                self.forwarding.until_closed(self.number)
                return answer

        def unchunk(body):
            out = b""
            while body:
                size, rest = body.split(b"\r\n", 1)
                count = int(size, 16)
                if not count:
                    return out
                out += rest[:count]
                body = rest[count + 2:]
            raise ValueError("no last chunk")

        def split(answer):
            head, body = answer.split(b"\r\n\r\n", 1)
            if b"Transfer-Encoding: chunked" in head:
                body = unchunk(body)
            return int(head.split()[1]), head.decode(), body.decode()

        NS = "http://intel.com/wbem/wscim/1/%s-schema/1/"
        def envelope(action, resource, body=""):
            return ('<?xml version="1.0" encoding="utf-8"?><Envelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
                'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
                'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" '
                'xmlns="http://www.w3.org/2003/05/soap-envelope"><Header><a:Action>%s</a:Action><a:To>/wsman</a:To>'
                '<w:ResourceURI>%s</w:ResourceURI><a:MessageID>0</a:MessageID>'
                '<a:ReplyTo><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address>'
                '</a:ReplyTo><w:OperationTimeout>PT60S</w:OperationTimeout></Header><Body>%s</Body></Envelope>'
                ) % (action, resource, body)
        def get(name):
            return envelope("http://schemas.xmlsoap.org/ws/2004/09/transfer/Get", NS % name[:3].lower() + name)
        def call(name, method, inner=""):
            uri = NS % name[:3].lower() + name
            body = '<h:%s_INPUT xmlns:h="%s">%s</h:%s_INPUT>' % (method, uri, inner, method)
            return envelope(uri + "/" + method, uri, body)
        def value(body, name):
            found = re.search("<[a-z]:%s>([^<]*)</[a-z]:%s>" % (name, name), body)
            return found and found.group(1)

        class WSMan:
            """WS-Management through channels: one each for a request, as rpc-go does, with its quoted digest."""
            def __init__(self, forwarding, user=None, password=None, port=16992, context=None):
                self.forwarding, self.user, self.password = forwarding, user, password
                self.port, self.context = port, context
                self.challenge, self.count, self.statuses = None, 1, []
            def post(self, body):
                body = body.encode()
                lines = ["POST /wsman HTTP/1.1"]
                if self.challenge:
                    self.count += 1
                    realm, nonce = self.challenge
                    md5 = lambda value: hashlib.md5(value.encode()).hexdigest()
                    nc, cnonce = "%08d" % self.count, os.urandom(3).hex()
                    response = md5(":".join([md5(":".join([self.user, realm, self.password])), nonce, nc, cnonce, "auth",
                        md5("POST:/wsman")]))
                    lines.append('Authorization: Digest username="%s",realm="%s",nonce="%s",uri="/wsman",response="%s",'
                        'qop="auth",nc="%s",cnonce="%s"' % (self.user, realm, nonce, response, nc, cnonce))
                lines += ["Connection: close", "Content-Type: application/soap+xml; charset=utf-8"]
                lines.append("Transfer-Encoding: chunked")
                request = "\r\n".join(lines).encode() + b"\r\n\r\n%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
                answer = Stream(self.forwarding, self.port, self.context).exchange(request)
                return split(answer)
            def exchange(self, body):
                status, head, answer = self.post(body)
                self.statuses.append(status)
                if status == 401 and self.user:
                    fields = dict(part.split("=", 1) for part in re.search("Digest (.*)", head).group(1).split(","))
                    fields = {name.strip(): field.strip('"\r') for name, field in fields.items()}
                    self.challenge = fields["realm"], fields["nonce"]
                    status, head, answer = self.post(body)
                    self.statuses.append(status)
                return status, answer

        def refused(action):
            try:
                action()
            except OSError as error:
                return errno.errorcode[error.errno]
            return "went through"
        """#
}
