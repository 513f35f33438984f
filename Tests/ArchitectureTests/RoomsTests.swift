import Testing

@Suite("Rooms") struct RoomsTests {}
