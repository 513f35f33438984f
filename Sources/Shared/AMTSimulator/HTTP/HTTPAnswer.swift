import Foundation

/// The bytes of the firmware's HTTP answers.
///
/// Header order, spacing and chunks as captured from 11.8.50 and 15.0.23: network reference 1.4.
enum HTTPAnswer {
    /// A SOAP answer: 200, or a fault with 400 or 500, which closes the connection.
    static func soap(_ envelope: String, status: Int, personality: Personality, now: Double) -> [UInt8] {
        let phrase =
            switch status {
            case 200: "OK"
            case 400: "Bad Request"
            default: "Internal Server Error"
            }
        var head = "HTTP/1.1 \(status) \(phrase)\r\nDate: \(date(now))\r\nServer: \(personality.serverHeader)\r\n"
        head += "X-Frame-Options: DENY\r\nContent-Type: \(personality.contentType)\r\nTransfer-Encoding: chunked\r\n"
        guard status != 200 else { return chunked(Array((head + "\r\n").utf8), Array(envelope.utf8)) }
        // A fault comes as one chunk, as captured from 15.0.23, though it is longer than the buffer.
        head += "Connection: close\r\n\r\n" + String(format: "%04X\r\n", envelope.utf8.count)
        return Array((head + envelope + "\r\n0\r\n\r\n").utf8)
    }

    /// Fills a buffer of 768 bytes again and again: the head and the first chunk share the first one.
    ///
    /// Each size line takes six bytes of its buffer (`0220` CR LF); the CR LF after a chunk comes on top.
    static func chunked(_ head: [UInt8], _ body: [UInt8]) -> [UInt8] {
        let buffer = 768
        var bytes = head
        var rest = body[...]
        var room = buffer - head.count % buffer - 6
        while !rest.isEmpty {
            let chunk = rest.prefix(max(room, 1))
            bytes += Array(String(format: "%04X\r\n", chunk.count).utf8) + chunk + [13, 10]
            rest = rest.dropFirst(chunk.count)
            room = buffer - 6
        }
        return bytes + Array("0\r\n\r\n".utf8)
    }

    /// The challenge: one blank after the realm's comma, none after the others; the connection closes.
    static func unauthorized(realm: String, nonce: String, quality: String, personality: Personality) -> [UInt8] {
        let page = Array(logOnFailedPage.utf8)
        var text = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"\(realm)\", nonce=\"\(nonce)\","
        text +=
            "stale=\"false\",qop=\"\(quality)\"\r\nContent-Type: text/html\r\nServer: \(personality.serverHeader)\r\n"
        text += "Content-Length: \(page.count)\r\nConnection: close\r\n\r\n"
        return Array(text.utf8) + page
    }

    static func plain(_ status: String, _ body: String, personality: Personality) -> [UInt8] {
        var text = "HTTP/1.1 \(status)\r\nContent-Type: text/html\r\nServer: \(personality.serverHeader)\r\n"
        text += "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n"
        return Array((text + body).utf8)
    }

    /// `Mon, 31 Jan 2022 10:23:04 GMT`, the day of the month not padded.
    private static func date(_ now: Double) -> String {
        var time = time_t(max(0, now))
        var parts = tm()
        gmtime_r(&time, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let clock = String(format: "%02d:%02d:%02d", parts.tm_hour, parts.tm_min, parts.tm_sec)
        return
            "\(days[Int(parts.tm_wday)]), \(parts.tm_mday) \(months[Int(parts.tm_mon)]) \(1900 + parts.tm_year) \(clock) GMT"
    }

    /// The page of 11.8.50, to the byte: 690 of them.
    private static let logOnFailedPage = """
        <!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN" >
        <html><head><link rel=stylesheet href=/styles.css>
        <meta http-equiv="Content-Type" content="text/html; charset=utf-8">
        <title>Intel&reg; Active Management Technology</title></head>
        <body>
        <table class=header>
        <tr><td valign=top nowrap>
        <p class=top1>Intel<font class=r><sup>&reg;</sup></font> Active Management Technology
        <td valign="top"><img src="logo.gif" align="right" alt="Intel">
        </table>
        <br />
        <h2 class=warn>Log on failed. Incorrect user name or password, or user account temporarily locked.</h2>

        <p>
        <form METHOD="GET" action="index.htm"><h2><input type=submit value="Try again">
        </h2></form>
        <p>

        </body>
        </html>

        """
}
