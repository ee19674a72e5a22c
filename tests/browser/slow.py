"""A slow line: a proxy on loopback that delays what passes, and lets through so much a second."""

import asyncio
import threading
import time

CHUNK = 4096
AHEAD = 65_536  # bytes that a line takes before its sender has to wait, as real ones do


class Direction:
    """One way through the line, shared by all connections."""

    def __init__(self, line: "SlowLine") -> None:
        """Begin with nothing on the way."""
        self.line = line
        self.free = 0.0  # when the last byte that was taken will have left

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hand on what comes, in order and late, until either side closes."""
        under_way: asyncio.Queue = asyncio.Queue()
        sender = asyncio.create_task(self.deliver(under_way, writer))
        try:
            while data := await reader.read(CHUNK):
                now = time.perf_counter()
                self.free = max(self.free, now) + len(data) / self.line.rate
                await under_way.put((self.free + self.line.delay, data))
                await asyncio.sleep(max(0.0, self.free - now - AHEAD / self.line.rate))
        except ConnectionError:
            pass
        await under_way.put((0.0, b""))
        await sender

    async def deliver(self, under_way: asyncio.Queue, writer: asyncio.StreamWriter) -> None:
        """Write each piece when its time has come."""
        try:
            while True:
                when, data = await under_way.get()
                if not data:
                    break
                await asyncio.sleep(max(0.0, when - time.perf_counter()))
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()


class SlowLine:
    """A proxy to a server on this machine; fast until `slow_down`.

    Args:
        port: The server's port.

    Attributes:
        address: Where to reach the server through the line.
    """

    def __init__(self, port: int) -> None:
        """Listen in a thread of its own."""
        self.target = port
        self.delay = 0.0  # seconds, each way
        self.rate = 1e9  # bytes a second, each way
        self.up = Direction(self)
        self.down = Direction(self)
        self.writers: list[asyncio.StreamWriter] = []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        listening = asyncio.start_server(self.connect, "127.0.0.1", 0)
        self.server = asyncio.run_coroutine_threadsafe(listening, self.loop).result()
        self.address = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect one more client with the server."""
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        self.writers += [writer, far_writer]
        ways = self.up.pump(reader, far_writer), self.down.pump(far_reader, writer)
        await asyncio.gather(*ways)

    def slow_down(self, delay: float, megabits: float) -> None:
        """Be slow from now on: seconds of delay each way, millions of bits a second."""
        self.delay, self.rate = delay, megabits * 1e6 / 8

    def close(self) -> None:
        """End the proxy, and every connection through it."""
        asyncio.run_coroutine_threadsafe(self.end(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def end(self) -> None:
        """Listen no more, and break what is connected."""
        self.server.close()
        for writer in self.writers:
            writer.transport.abort()
        running = asyncio.all_tasks() - {asyncio.current_task()}
        if running:
            await asyncio.wait(running, timeout=5)
