/// What the libraries' objects are to Swift: their headers declare all of them as `intptr_t`.
typealias Handle = UnsafeMutablePointer<Int>
