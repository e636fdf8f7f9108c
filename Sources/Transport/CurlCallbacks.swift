internal import CCurl
import Foundation

private typealias Context = UnsafeMutableRawPointer

private func transfer(_ context: Context?) -> Transfer? {
    guard let context = unsafe context else { return nil }
    return unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
}

private func watch(_ context: Context?) -> SocketWatch? {
    guard let context = unsafe context else { return nil }
    return unsafe Unmanaged<SocketWatch>.fromOpaque(context).takeUnretainedValue()
}

let socketCallback: curl_socket_callback = { _, socket, what, context, _ in
    let wanted = Readiness(
        canRead: what == CURL_POLL_IN || what == CURL_POLL_INOUT,
        canWrite: what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
    unsafe watch(context)?.set(socket, what == CURL_POLL_REMOVE ? nil : wanted)
    return 0
}

let timerCallback: curl_multi_timer_callback = { _, milliseconds, context in
    unsafe watch(context)?.setTimer(milliseconds)
    return 0
}

let openSocketCallback: curl_opensocket_callback = { context, _, address in
    guard let transfer = unsafe transfer(context), let address = unsafe address else { return CURL_SOCKET_BAD }
    let bytes = unsafe [UInt8](
        UnsafeRawBufferPointer(start: ccurl_address(address), count: Int(address.pointee.addrlen)))
    guard transfer.permits(SocketAddress(sockaddr: bytes, family: unsafe address.pointee.family)) else {
        return CURL_SOCKET_BAD
    }
    let made = unsafe socket(
        address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue), address.pointee.protocol)
    if made >= 0 { transfer.opened(made) }
    return made
}

let closeSocketCallback: curl_closesocket_callback = { context, socket in
    unsafe watch(context)?.closing(socket)
    return close(socket)
}

let prereqCallback: curl_prereq_callback = { context, _, _, _, _ in
    unsafe transfer(context)?.connected() == true ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

let headerCallback: ccurl_data_function = { bytes, size, count, context in
    let line = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    let taken = unsafe transfer(context)?.receive(headerLine: line.bindMemory(to: UInt8.self).span)
    return taken == true ? size * count : Int(CURL_WRITEFUNC_ERROR)
}

let writeCallback: ccurl_data_function = { bytes, size, count, context in
    let chunk = unsafe [UInt8](UnsafeRawBufferPointer(start: bytes, count: size * count))
    switch unsafe transfer(context)?.receive(chunk) {
    case .taken: return size * count
    case .pause: return Int(CURL_WRITEFUNC_PAUSE)
    case .abort, nil: return Int(CURL_WRITEFUNC_ERROR)
    }
}
