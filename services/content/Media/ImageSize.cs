using System.Buffers.Binary;

namespace Newsletter.Content.Media;

/// <summary>An image's size as its header says it; nothing is decoded.</summary>
internal static class ImageSize
{
    public static (int Width, int Height)? Of(ReadOnlySpan<byte> bytes, string type)
    {
        var size = type switch
        {
            "image/png" when bytes.Length >= 24 => (BinaryPrimitives.ReadInt32BigEndian(bytes[16..]), BinaryPrimitives.ReadInt32BigEndian(bytes[20..])),
            "image/gif" when bytes.Length >= 10 => (BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]), BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..])),
            "image/webp" when bytes.Length >= 30 => OfWebP(bytes),
            "image/jpeg" => OfJpeg(bytes),
            _ => (0, 0),
        };
        return size is { Item1: > 0, Item2: > 0 } ? size : null;
    }

    /// <summary>Three kinds of WebP: lossy, lossless, extended.</summary>
    private static (int, int) OfWebP(ReadOnlySpan<byte> bytes) => bytes[15] switch
    {
        (byte)' ' => (BinaryPrimitives.ReadUInt16LittleEndian(bytes[26..]) & 0x3FFF, BinaryPrimitives.ReadUInt16LittleEndian(bytes[28..]) & 0x3FFF),
        (byte)'L' when BinaryPrimitives.ReadUInt32LittleEndian(bytes[21..]) is var bits => ((int)(bits & 0x3FFF) + 1, (int)(bits >> 14 & 0x3FFF) + 1),
        (byte)'X' => ((bytes[24] | bytes[25] << 8 | bytes[26] << 16) + 1, (bytes[27] | bytes[28] << 8 | bytes[29] << 16) + 1),
        _ => (0, 0),
    };

    /// <summary>In the first frame header; the segments before it are passed over by their lengths.</summary>
    private static (int, int) OfJpeg(ReadOnlySpan<byte> bytes)
    {
        for (var at = 2; at + 9 < bytes.Length && bytes[at] == 0xFF;)
        {
            var marker = bytes[at + 1];
            if (marker == 0xFF)
            {
                at++;
                continue;
            }
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
                return (BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 7)..]), BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 5)..]));
            at += 2 + BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 2)..]);
        }
        return (0, 0);
    }
}
