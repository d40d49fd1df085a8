using System.Numerics;

namespace Newsletter.Mailer.Templates;

/// <summary>Which blocks of a <see cref="PersonalList"/> a letter shows: a bit for each in the list's order, without the zero bytes at the end.</summary>
internal sealed class BlockSet(byte[] bits) : IEquatable<BlockSet>, IComparable<BlockSet>
{
    private int Count
    {
        get
        {
            var count = 0;
            foreach (var eight in bits) count += BitOperations.PopCount(eight);
            return count;
        }
    }

    /// <summary>As the ledger keeps it.</summary>
    public byte[] Bits => bits;

    /// <summary>Null, which is all of them, stays null.</summary>
    public static BlockSet? Of(byte[]? bits) => bits is null ? null : new(bits);

    public bool Has(int block) => block >> 3 < bits.Length && (bits[block >> 3] & (1 << (block & 7))) != 0;

    /// <summary>By how many they are; equal ones side by side.</summary>
    public int CompareTo(BlockSet? other)
    {
        if (other is null) return 1;
        var count = Count.CompareTo(other.Count);
        return count == 0 ? bits.AsSpan().SequenceCompareTo(other.Bits) : count;
    }

    public bool Equals(BlockSet? other) => other is not null && bits.AsSpan().SequenceEqual(other.Bits);

    public override bool Equals(object? obj) => Equals(obj as BlockSet);

    public override int GetHashCode()
    {
        HashCode hash = new();
        hash.AddBytes(bits);
        return hash.ToHashCode();
    }
}
