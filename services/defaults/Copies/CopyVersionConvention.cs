using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Metadata.Conventions;

namespace Newsletter.Defaults.Copies;

/// <summary>Every copy's version is its concurrency token: of two consumers that write the same row, one is retried and sees the other's.</summary>
internal sealed class CopyVersionConvention : IModelFinalizingConvention
{
    public void ProcessModelFinalizing(IConventionModelBuilder modelBuilder, IConventionContext<IConventionModelBuilder> context)
    {
        foreach (var entity in modelBuilder.Metadata.GetEntityTypes().Where(e => IsCopy(e.ClrType)))
            entity.FindProperty("Version")!.Builder.IsConcurrencyToken(true);
    }

    private static bool IsCopy(Type? type)
    {
        for (; type is not null; type = type.BaseType)
        {
            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Copy<>)) return true;
        }
        return false;
    }
}
